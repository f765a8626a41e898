"""msgspec's structures of a transaction in requests and responses, for django-bolt and Litestar, which are built on it."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct, field

Name = Annotated[str, Meta(max_length=100)]


class NewTransaction(Struct):
    financial_profile: UUID
    transaction_type: Literal["income", "expense", "transfer"]
    amount: Decimal
    transaction_date: date
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = "USD"
    description: Annotated[str, Meta(max_length=500)] = ""
    category: Name = ""
    merchant_name: Name = ""
    posted_date: date | None = None
    reference_number: Name = ""
    status: Literal["pending", "completed", "failed", "cancelled"] = "completed"
    metadata: dict[str, Any] = field(default_factory=dict)

    def values(self) -> dict[str, Any]:
        """Return the values of the columns, except for the account and the metadata."""
        names = (name for name in self.__struct_fields__ if name not in {"financial_profile", "metadata"})
        return {name: getattr(self, name) for name in names}


class ShownTransaction(Struct):
    id: UUID
    financial_profile: UUID
    transaction_type: str
    amount: Decimal
    currency: str
    description: str
    category: str
    merchant_name: str
    transaction_date: date
    posted_date: date | None
    reference_number: str
    status: str
    metadata: dict[str, Any]
    is_income: bool
    is_expense: bool
    absolute_amount: Decimal
    is_completed: bool
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Any, metadata: dict[str, Any]) -> "ShownTransaction":
        """Return the structure of a row of Django's or SQLAlchemy's ORM."""
        return cls(
            row.id,
            row.financial_profile_id,
            row.transaction_type,
            row.amount,
            row.currency,
            row.description,
            row.category,
            row.merchant_name,
            row.transaction_date,
            row.posted_date,
            row.reference_number,
            row.status,
            metadata,
            row.is_income,
            row.is_expense,
            row.absolute_amount,
            row.is_completed,
            row.created_at,
            row.updated_at,
        )


class TransactionPage(Struct):
    next: str | None
    previous: str | None
    results: list[ShownTransaction]
