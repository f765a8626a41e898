"""Everything about money as JSON."""

from finance.serializers.accounts import AccountSerializer
from finance.serializers.due_dates import (
    ExpenseDueDateSerializer,
    IncomeDueDateSerializer,
    OccurrencesSerializer,
    PaymentFormSerializer,
    SpanSerializer,
)
from finance.serializers.imports import (
    ImportDetailSerializer,
    ImportFormSerializer,
    ImportResultSerializer,
    ImportRowSerializer,
    ImportSerializer,
    SettlementSerializer,
    UndoResultSerializer,
)
from finance.serializers.projections import ProjectionFormSerializer, ProjectionSerializer
from finance.serializers.transactions import TransactionSerializer

__all__ = [
    "AccountSerializer",
    "ExpenseDueDateSerializer",
    "ImportDetailSerializer",
    "ImportFormSerializer",
    "ImportResultSerializer",
    "ImportRowSerializer",
    "ImportSerializer",
    "IncomeDueDateSerializer",
    "OccurrencesSerializer",
    "PaymentFormSerializer",
    "ProjectionFormSerializer",
    "ProjectionSerializer",
    "SettlementSerializer",
    "SpanSerializer",
    "TransactionSerializer",
    "UndoResultSerializer",
]
