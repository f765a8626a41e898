"""Pydantic schemas of a transaction in requests and responses, for FastAPI and django-ninja."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

Money = Annotated[Decimal, Field(max_digits=12, decimal_places=2)]
Name = Annotated[str, Field(max_length=100)]


class TransactionIn(BaseModel):
    financial_profile: UUID
    transaction_type: Literal["income", "expense", "transfer"]
    amount: Money
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "USD"
    description: Annotated[str, Field(max_length=500)] = ""
    category: Name = ""
    merchant_name: Name = ""
    transaction_date: date
    posted_date: date | None = None
    reference_number: Name = ""
    status: Literal["pending", "completed", "failed", "cancelled"] = "completed"
    metadata: dict[str, Any] = {}


class TransactionOut(BaseModel):
    id: UUID
    financial_profile: UUID = Field(validation_alias="financial_profile_id")
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
