"""Litestar with SQLAlchemy's ORM: a session per request, an authentication middleware, msgspec both ways."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from uuid import UUID

from litestar import Litestar, Request, get, post
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import NotAuthorizedException, NotFoundException, ValidationException
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult, DefineMiddleware
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from benchmarks.api_contract import LIMIT, PATH, link
from benchmarks.servers.peers.structs import NewTransaction, ShownTransaction, TransactionPage
from benchmarks.servers.peers.tables import Transaction, account_of, new_transaction, newest, owner_of


class TokenMiddleware(AbstractAuthenticationMiddleware):
    """Authentication by personal access token. The request's session reads it, so that a request has one connection."""

    async def authenticate_request(self, connection: ASGIConnection[Any, Any, Any, Any]) -> AuthenticationResult:
        token = connection.headers.get("authorization", "").removeprefix("Bearer ")
        session = connection.app.state.sessions()
        connection.state.session = session
        found = await owner_of(session, token)
        if found is None:
            await session.close()
            raise NotAuthorizedException
        return AuthenticationResult(user=found, auth=token)


async def session_of(request: Request[Any, Any, State]) -> AsyncIterator[AsyncSession]:
    async with request.state.session as session:
        yield session


@get(PATH)
async def page(
    request: Request[Any, Any, State],
    session: AsyncSession,
    category: str,
    transaction_date__gte: date,
    transaction_date__lte: date,
) -> TransactionPage:
    """Return the newest rows. The `next` link is that of the limit."""
    found = list(await session.scalars(newest(request.user, category, transaction_date__gte, transaction_date__lte)))
    shown = found[:LIMIT]
    last = (str(shown[-1].transaction_date), str(shown[-1].id))
    return TransactionPage(link(request.url.query, last, len(found)), None, [_shown(row) for row in shown])


@get(PATH + "{key:uuid}/")
async def one(request: Request[Any, Any, State], session: AsyncSession, key: UUID) -> ShownTransaction:
    owned = select(Transaction).where(Transaction.user_id == request.user.id, Transaction.id == key)
    found = await session.scalar(owned)
    if found is None:
        raise NotFoundException
    return _shown(found)


@post(PATH)
async def create(request: Request[Any, Any, State], session: AsyncSession, data: NewTransaction) -> ShownTransaction:
    if await session.scalar(account_of(request.user, data.financial_profile)) is None:
        raise ValidationException("There is no such account.")
    created = new_transaction(request.user, data.financial_profile, data.metadata, data.values())
    session.add(created)
    await session.commit()
    return _shown(created)


def _shown(row: Transaction) -> ShownTransaction:
    return ShownTransaction.of(row, row.details)


def application(engine: AsyncEngine) -> Litestar:
    return Litestar(
        [page, one, create],
        dependencies={"session": Provide(session_of)},
        middleware=[DefineMiddleware(TokenMiddleware)],
        state=State({"sessions": async_sessionmaker(engine, expire_on_commit=False)}),
        openapi_config=None,
    )
