"""Factories of what belongs to transactions: parts, shares of refunds, transfers, attachments, edits and deletions."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import factory
from django.db import transaction
from uuid_utils.compat import uuid7

from core import clock
from dev.factories.finance import TransactionFactory
from dev.factories.users import OwnedFactory
from dev.receipts import pdf
from finance.models import (
    Attachment,
    AttachmentChunk,
    DeletedTransaction,
    EditedRow,
    EditRun,
    ExchangeRate,
    RefundShare,
    Rule,
    TransactionSplit,
    Transfer,
)


class SplitFactory(OwnedFactory):
    """The only part of a transaction, which is created with it, because each without the other is refused at the commit."""

    class Meta:
        model = TransactionSplit

    transaction = factory.SubFactory(
        TransactionFactory, user=factory.SelfAttribute("..user"), amount=Decimal("-5.00"), divided_by="splits"
    )
    number = 1
    amount = factory.SelfAttribute("transaction.amount")

    @classmethod
    def _generate(cls, strategy: str, params: dict[str, Any]) -> Any:
        with transaction.atomic():
            return super()._generate(strategy, params)


class RefundShareFactory(OwnedFactory):
    class Meta:
        model = RefundShare

    refund = factory.SubFactory(
        TransactionFactory,
        user=factory.SelfAttribute("..user"),
        transaction_type="refund",
        amount=Decimal("5.00"),
        divided_by="refund_of",
    )
    expense = factory.SubFactory(TransactionFactory, user=factory.SelfAttribute("..user"), amount=Decimal("-9.00"))
    amount = Decimal("4.00")


class TransferFactory(OwnedFactory):
    """A proposed transfer of 200.00 between two accounts."""

    class Meta:
        model = Transfer

    outgoing = factory.SubFactory(TransactionFactory, user=factory.SelfAttribute("..user"), amount=Decimal("-200.00"))
    incoming = factory.SubFactory(
        TransactionFactory, user=factory.SelfAttribute("..user"), amount=Decimal("200.00"), transaction_type="income"
    )
    decided_at = factory.LazyAttribute(lambda row: None if getattr(row, "status", "proposed") == "proposed" else clock.now())


class ExchangeRateFactory(OwnedFactory):
    class Meta:
        model = ExchangeRate

    base = "EUR"
    quote = "USD"
    day = factory.Sequence(lambda number: clock.now().date() - timedelta(days=number % 10_000))
    rate = Decimal("1.0812000000")


class AttachmentFactory(OwnedFactory):
    """An attachment with its contents, by default those of a receipt. With `is_stored=False` it has no chunks."""

    class Meta:
        model = Attachment

    transaction = factory.SubFactory(TransactionFactory, user=factory.SelfAttribute("..user"))
    name = factory.Sequence(lambda number: f"receipt {number}.pdf")
    content = factory.Sequence(lambda number: pdf("Corner Shop", f"Receipt {number}"))
    is_stored = True

    @classmethod
    def _build(cls, model_class: Any, *args: Any, content: bytes, is_stored: bool, **kwargs: Any) -> Any:
        row = model_class(*args, **kwargs)
        row.describe(content)
        return row

    @classmethod
    def _create(cls, model_class: Any, *args: Any, content: bytes, is_stored: bool, **kwargs: Any) -> Any:
        row = cls._build(model_class, *args, content=content, is_stored=is_stored, **kwargs)
        row.save(force_insert=True)
        if is_stored:
            row.store_chunks(content)
        return row


class AttachmentChunkFactory(OwnedFactory):
    """The only chunk of an attachment."""

    class Meta:
        model = AttachmentChunk

    attachment = factory.SubFactory(
        AttachmentFactory, user=factory.SelfAttribute("..user"), content=factory.SelfAttribute("..content"), is_stored=False
    )
    number = 0
    content = factory.Sequence(lambda number: pdf("Corner Shop", f"Receipt {number}"))


class RuleFactory(OwnedFactory):
    class Meta:
        model = Rule

    name = factory.Sequence(lambda number: f"Rule {number}")
    search = "lunch"
    actions: Any = [{"type": "set_note", "value": "n"}]


class EditRunFactory(OwnedFactory):
    class Meta:
        model = EditRun

    kind = "rule"
    rule_version = 1
    undo_until = factory.LazyFunction(lambda: clock.now() + timedelta(days=1))


class EditedRowFactory(OwnedFactory):
    class Meta:
        model = EditedRow

    run = factory.SubFactory(EditRunFactory, user=factory.SelfAttribute("..user"))
    transaction_id = factory.LazyFunction(uuid7)
    before: Any = {"note": "", "sources.note": None}
    after: Any = {"note": "new", "sources.note": None}


class DeletedTransactionFactory(OwnedFactory):
    """A deleted transaction, as the trigger stores it."""

    class Meta:
        model = DeletedTransaction

    id = factory.LazyFunction(uuid7)
    deleted_at = factory.LazyFunction(clock.now)

    @staticmethod
    def stored(deleted: Any) -> dict[str, Any]:
        """Return a row with the columns that are required; the others get their defaults when it is restored."""
        texts = dict.fromkeys(("description", "merchant_name", "reference_number", "note"), "")
        values = {"transaction_type": "expense", "amount": "-6.60", "currency": "USD", "status": "completed", "metadata": {}}
        times = dict.fromkeys(("created_at", "updated_at"), clock.now().isoformat())
        keys = {"id": str(deleted.id), "user_id": str(deleted.user.pk)}
        return {**keys, **texts, **values, **times, "transaction_date": times["created_at"][:10], "tags": [], "sources": {}}

    row = factory.LazyAttribute(stored)
