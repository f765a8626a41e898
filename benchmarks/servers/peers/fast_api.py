"""FastAPI with SQLAlchemy's ORM, as in their documentation: a session per request, typed models, schemas both ways."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from benchmarks.api_contract import LIMIT, PATH, link
from benchmarks.schemas import TransactionIn, TransactionOut
from benchmarks.servers.peers.tables import Transaction, User, account_of, new_transaction, newest, owner_of


class Out(TransactionOut):
    model_config = ConfigDict(from_attributes=True)
    metadata: dict[str, Any] = Field(validation_alias="details")


class Page(BaseModel):
    next: str | None
    previous: str | None
    results: list[Out]


bearer = HTTPBearer()


async def session_of(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.app.state.sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(session_of)]


async def caller(session: Session, given: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> User:
    found = await owner_of(session, given.credentials)
    if found is None:
        raise HTTPException(401)
    return found


Owner = Annotated[User, Depends(caller)]


async def page(
    request: Request, session: Session, owner: Owner, category: str, transaction_date__gte: date, transaction_date__lte: date
) -> Any:
    """Return the newest rows. The `next` link is that of the limit."""
    found = list(await session.scalars(newest(owner, category, transaction_date__gte, transaction_date__lte)))
    shown = found[:LIMIT]
    last = (str(shown[-1].transaction_date), str(shown[-1].id))
    return {"next": link(request.url.query, last, len(found)), "previous": None, "results": shown}


async def one(session: Session, owner: Owner, key: UUID) -> Any:
    found = await session.scalar(select(Transaction).where(Transaction.user_id == owner.id, Transaction.id == key))
    if found is None:
        raise HTTPException(404)
    return found


async def create(session: Session, owner: Owner, given: TransactionIn) -> Any:
    if await session.scalar(account_of(owner, given.financial_profile)) is None:
        raise HTTPException(422, "There is no such account.")
    values = given.model_dump(exclude={"financial_profile", "metadata"})
    created = new_transaction(owner, given.financial_profile, given.metadata, values)
    session.add(created)
    await session.commit()
    return created


def application(engine: AsyncEngine) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await engine.dispose()

    app = FastAPI(openapi_url=None, lifespan=lifespan)
    app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)
    app.get(PATH, response_model=Page)(page)
    app.get(PATH + "{key}/", response_model=Out)(one)
    app.post(PATH, response_model=Out, status_code=201)(create)
    return app
