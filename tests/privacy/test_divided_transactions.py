"""Split transactions and refunds in exports and imports of a customer's data."""

import io
import json
from decimal import Decimal
from typing import Any

import pytest

from core.errors import DomainError
from dev.factories import TransactionFactory, UserFactory
from finance.models import Part
from finance.services.divisions import store_divisions
from tests.privacy.conftest import data_files, files_in, zip_of
from tests.privacy.test_import_refusals import packed
from users.models import User
from users.privacy.restore import restore

SPLITS = "data/finance_transactionsplit.jsonl"


@pytest.fixture
def export(alice: User) -> bytes:
    owned: Any = {"user": alice, "currency": "USD", "financial_profile": None, "category": ""}
    shopping = TransactionFactory.build(**owned, amount=Decimal("-5.00"))
    shopping.splits = [{"amount": Decimal("-2.00"), "note": "for two"}, {"amount": Decimal("-3.00")}]
    refund = TransactionFactory.build(**owned, amount=Decimal("4.00"), transaction_type="refund")
    refund.refund_of = [shopping.pk]
    for row in (shopping, refund):
        row.save()
        store_divisions([row], are_new=True)
    return zip_of(alice)


@pytest.fixture
def empty(db: None) -> User:
    return UserFactory.create(email="empty@example.com")


def test_they_are_imported_with_their_parts_and_shares(alice: User, empty: User, export: bytes) -> None:
    restore(empty, io.BytesIO(export))
    assert data_files(zip_of(empty), "data") == data_files(export, "data")
    before, after = (Part.objects.filter(user=user).order_by("amount").values("amount", "effect") for user in (alice, empty))
    assert list(before) == list(after)


def test_parts_with_another_sum_are_refused(empty: User, export: bytes) -> None:
    files = files_in(export)
    first, *others = files[SPLITS].splitlines()
    changed = json.dumps(json.loads(first) | {"amount": "-2.50"}).encode()
    with pytest.raises(DomainError, match="The parts do not add up to the amount"):
        restore(empty, io.BytesIO(packed({**files, SPLITS: b"\n".join([changed, *others, b""])})))
