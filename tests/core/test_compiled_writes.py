"""INSERT and UPDATE of one row by prepared statements."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from core.fast_lists import compiled_queries
from dev.factories import TransactionFactory
from finance.models import FinancialTransaction
from users.models import User


@pytest.fixture
def row(alice: User) -> FinancialTransaction:
    created: FinancialTransaction = TransactionFactory(user=alice, transaction_type="expense", amount=Decimal("-12.10"))
    return created


def stored(row: FinancialTransaction) -> Any:
    return FinancialTransaction.objects.values().get(pk=row.pk)


def in_memory(row: FinancialTransaction) -> Any:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def sent_by(save: Any) -> str:
    with CaptureQueriesContext(connection) as queries:
        save()
    return str(queries.captured_queries[-1]["sql"])


@pytest.mark.parametrize("is_compiled", [True, False])
def test_a_saved_object_is_equal_to_its_row(is_compiled: bool, row: FinancialTransaction, settings: Settings) -> None:
    settings.FAST_LISTS = is_compiled
    row.metadata, row.posted_date, row.description = {"quote": "it's 100 % \\ $1"}, None, "O'Brien \\ %s $1"
    assert ("= $1, " in sent_by(row.save)) is is_compiled
    assert stored(row) == in_memory(row)
    row.pk, row._state.adding = FinancialTransaction().pk, True
    row.save(force_insert=True)
    assert stored(row) == in_memory(row)


def test_an_expression_is_written_by_the_orm(row: FinancialTransaction) -> None:
    row.reference_number = F("merchant_name")
    row.save()
    assert stored(row)["reference_number"] == stored(row)["merchant_name"]


def test_a_row_that_was_deleted_is_not_updated(row: FinancialTransaction) -> None:
    FinancialTransaction.objects.filter(pk=row.pk).delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        row.save(update_fields=["category"])
    assert not FinancialTransaction.objects.filter(pk=row.pk).exists()


def test_a_violated_constraint_keeps_the_prepared_statements(row: FinancialTransaction) -> None:
    row.save()
    before = compiled_queries._sessions[connection.connection]
    row.amount = Decimal(0)
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        row.save()
    assert refused.value.__cause__.diag.constraint_name == "finance_financialtransaction_amount_not_zero"
    assert compiled_queries._sessions[connection.connection] is before
