"""SQLAlchemy's models of the tables, for FastAPI and Litestar, and the user of a token."""

import hashlib
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Numeric, Select, select
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, joinedload, mapped_column, relationship
from uuid_utils.compat import uuid7

from benchmarks.api_contract import LIMIT, TOKEN_KEY_LENGTH


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


async def owner_of(session: AsyncSession, token: str) -> User | None:
    """Return the user of a personal access token, or None if it is unknown or has expired."""
    digest = hashlib.sha512(token.encode()).hexdigest()
    keys = select(Token).options(joinedload(Token.user, innerjoin=True)).where(Token.digest == digest)
    found = await session.scalar(keys.where(Token.token_key == token[:TOKEN_KEY_LENGTH]))
    if found is None or not found.user.is_active or (found.expiry is not None and found.expiry < datetime.now(UTC)):
        return None
    return found.user


def newest(owner: User, category: str, first: date, last: date) -> Select[Transaction]:
    """Return the query for a page of a user's transactions, and one more row."""
    rows = select(Transaction).where(Transaction.user_id == owner.id, Transaction.category == category)
    rows = rows.where(Transaction.transaction_date >= first, Transaction.transaction_date <= last)
    return rows.order_by(Transaction.transaction_date.desc(), Transaction.id.desc()).limit(LIMIT + 1)


def account_of(owner: User, key: UUID) -> Select[UUID]:
    """Return the query for the key of a user's account."""
    return select(Account.id).where(Account.user_id == owner.id, Account.id == key)


def new_transaction(owner: User, account: UUID, metadata: dict[str, Any], values: dict[str, Any]) -> Transaction:
    """Return a transaction that is not stored yet."""
    now = datetime.now(UTC)
    keys = {"user_id": owner.id, "financial_profile_id": account, "details": metadata}
    return Transaction(**values, **keys, created_at=now, updated_at=now)
