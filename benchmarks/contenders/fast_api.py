"""FastAPI with SQLAlchemy's ORM, as in their documentation: a session per request, typed models, schemas both ways.

The application runs on asyncpg or on psycopg's asynchronous connections, with uvloop and, like MINGUS here, one connection.
"""

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import uvloop
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from knox.settings import CONSTANTS
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import URL, ForeignKey, Numeric, select
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, joinedload, mapped_column, relationship
from uuid_utils.compat import uuid7

from benchmarks.contenders.calls import PATH, AsgiContender
from benchmarks.contenders.limit import LIMIT, link
from benchmarks.contenders.schemas import TransactionIn, TransactionOut
from benchmarks.production import connection_parameters


class Base(DeclarativeBase):
    type_annotation_map = {datetime: TIMESTAMP(timezone=True), Decimal: Numeric(12, 2), dict[str, Any]: JSONB}


class User(Base):
    __tablename__ = "users_user"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    is_active: Mapped[bool]


class Token(Base):
    __tablename__ = "users_personalaccesstoken"
    digest: Mapped[str] = mapped_column(primary_key=True)
    token_key: Mapped[str]
    expiry: Mapped[datetime | None]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id"))
    user: Mapped[User] = relationship()


class Account(Base):
    __tablename__ = "finance_encryptedfinancialprofile"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]


class Transaction(Base):
    __tablename__ = "finance_financialtransaction"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    user_id: Mapped[UUID]
    financial_profile_id: Mapped[UUID]
    transaction_type: Mapped[str]
    amount: Mapped[Decimal]
    currency: Mapped[str]
    description: Mapped[str]
    category: Mapped[str]
    merchant_name: Mapped[str]
    transaction_date: Mapped[date]
    posted_date: Mapped[date | None]
    reference_number: Mapped[str]
    status: Mapped[str]
    # `metadata` is reserved by the declarative base
    details: Mapped[dict[str, Any]] = mapped_column("metadata")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    @property
    def is_income(self) -> bool:
        return self.transaction_type == "income"

    @property
    def is_expense(self) -> bool:
        return self.transaction_type == "expense"

    @property
    def absolute_amount(self) -> Decimal:
        return abs(self.amount)

    @property
    def is_completed(self) -> bool:
        return self.status == "completed"


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


async def owner_of(session: Session, given: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> User:
    token = given.credentials
    digest = hashlib.sha512(token.encode()).hexdigest()
    keys = select(Token).options(joinedload(Token.user, innerjoin=True)).where(Token.digest == digest)
    found = await session.scalar(keys.where(Token.token_key == token[: CONSTANTS.TOKEN_KEY_LENGTH]))
    if found is None or not found.user.is_active or (found.expiry is not None and found.expiry < datetime.now(UTC)):
        raise HTTPException(401)
    return found.user


Owner = Annotated[User, Depends(owner_of)]


async def page(
    request: Request, session: Session, owner: Owner, category: str, transaction_date__gte: date, transaction_date__lte: date
) -> Any:
    """Return the newest rows. The `next` link is that of the limit."""
    rows = select(Transaction).where(Transaction.user_id == owner.id, Transaction.category == category)
    rows = rows.where(
        Transaction.transaction_date >= transaction_date__gte, Transaction.transaction_date <= transaction_date__lte
    )
    rows = rows.order_by(Transaction.transaction_date.desc(), Transaction.id.desc()).limit(LIMIT + 1)
    found = list(await session.scalars(rows))
    shown = found[:LIMIT]
    last = (str(shown[-1].transaction_date), str(shown[-1].id))
    return {"next": link(request.url.query, last, len(found)), "previous": None, "results": shown}


async def create(session: Session, owner: Owner, given: TransactionIn) -> Any:
    accounts = select(Account.id).where(Account.user_id == owner.id, Account.id == given.financial_profile)
    if await session.scalar(accounts) is None:
        raise HTTPException(422, "There is no such account.")
    values = given.model_dump(exclude={"financial_profile", "metadata"})
    now = datetime.now(UTC)
    created = Transaction(
        **values,
        user_id=owner.id,
        financial_profile_id=given.financial_profile,
        details=given.metadata,
        created_at=now,
        updated_at=now,
    )
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
    app.post(PATH, response_model=Out, status_code=201)(create)
    return app


def database_url(driver: str) -> URL:
    """Return the URL of the benchmark database for a driver of SQLAlchemy."""
    found = connection_parameters()
    # only in the query can `host` be the folder of a socket
    server = {name: str(found[name]) for name in ("host", "port") if found.get(name)}
    return URL.create(f"postgresql+{driver}", found.get("user"), found.get("password"), database=found["dbname"], query=server)


def _contender(driver: str) -> Callable[[], AsgiContender]:
    def contender() -> AsgiContender:
        engine = create_async_engine(database_url(driver), pool_size=1, max_overflow=0)
        return AsgiContender(f"FastAPI, SQLAlchemy ORM, {driver}", application(engine), uvloop.new_event_loop())

    return contender


on_asyncpg, on_psycopg = _contender("asyncpg"), _contender("psycopg")
