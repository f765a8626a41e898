"""Accounts, transactions and imports as JSON."""

from finance.serializers.accounts import AccountSerializer
from finance.serializers.imports import (
    ImportDetailSerializer,
    ImportFormSerializer,
    ImportResultSerializer,
    ImportRowSerializer,
    ImportSerializer,
    SettlementSerializer,
    UndoResultSerializer,
)
from finance.serializers.transactions import TransactionSerializer

__all__ = [
    "AccountSerializer",
    "ImportDetailSerializer",
    "ImportFormSerializer",
    "ImportResultSerializer",
    "ImportRowSerializer",
    "ImportSerializer",
    "SettlementSerializer",
    "TransactionSerializer",
    "UndoResultSerializer",
]
