"""Filter sets of transfers and exchange rates."""

from typing import Any
from uuid import UUID

from django.db.models import Q
from django_filters.filters import UUIDFilter

from core.api.filters.filtersets import DayFilter, StrictFilterSet
from finance.models import ExchangeRate, Transfer


class OfAccountFilter(UUIDFilter):
    """Transfers from or to an account."""

    def filter(self, qs: Any, value: UUID | None) -> Any:
        either = Q(outgoing__financial_profile=value) | Q(incoming__financial_profile=value)
        return qs if value is None else qs.filter(either)


class OfTransactionFilter(UUIDFilter):
    """Transfers of a transaction, on either side."""

    def filter(self, qs: Any, value: UUID | None) -> Any:
        return qs if value is None else qs.filter(Q(outgoing=value) | Q(incoming=value))


class TransferFilter(StrictFilterSet):
    account = OfAccountFilter(label="The id of an account that money leaves or enters.")
    transaction = OfTransactionFilter(label="The id of a transaction on either side.")
    day__gte = DayFilter(
        field_name="outgoing__transaction_date", lookup_expr="gte", label="First day of the outgoing transaction, inclusive."
    )
    day__lte = DayFilter(
        field_name="outgoing__transaction_date", lookup_expr="lte", label="Last day of the outgoing transaction, inclusive."
    )

    class Meta:
        model = Transfer
        fields = {
            "outgoing": ["exact"],
            "incoming": ["exact"],
            "status": ["exact", "in"],
            "confidence": ["gte", "lte", "isnull"],
            "decided_at": ["gte", "lte", "isnull"],
            "reasons": ["contains"],
            "created_at": ["gte", "lte"],
        }
        derived = {
            "fee": ["gte", "lte", "isnull"],
            "fee_currency": ["exact", "isnull"],
            "days_apart": ["gte", "lte", "isnull"],
        }


class ExchangeRateFilter(StrictFilterSet):
    class Meta:
        model = ExchangeRate
        fields = {
            "base": ["exact", "in"],
            "quote": ["exact", "in"],
            "day": ["exact", "gte", "lte"],
            "source": ["exact"],
            "statement_import": ["exact", "isnull"],
            "created_at": ["gte", "lte"],
        }
