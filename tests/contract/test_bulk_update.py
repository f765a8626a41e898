"""`update_rows`, which writes values of many rows with one statement."""

from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.db import DataError, IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from core.encryption.fields import is_encrypted
from core.models.base import BaseModel
from core.postgres.bulk_update import update_rows
from dev.factories import FACTORIES, TransactionFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_privileges")]
MODELS = [model for model in apps.get_models() if issubclass(model, BaseModel) and model in FACTORIES]
CONTENT = "SELECT (to_jsonb(row) - 'updated_at')::text FROM {} AS row WHERE id = ANY(%s) ORDER BY id"


def content(rows: list[BaseModel]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(CONTENT.format(rows[0]._meta.db_table), [[row.pk for row in rows]])
        return [text for (text,) in cursor]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_column_of_every_model_is_written_unchanged(model: type[BaseModel]) -> None:
    rows = [FACTORIES[model](), FACTORIES[model]()]
    before = content(rows)
    columns = [field for field in model._meta.concrete_fields if not field.primary_key and not field.generated]
    fields = [field for field in columns if not is_encrypted(field)]
    update_rows([model._base_manager.get(pk=row.pk) for row in rows], [field.name for field in fields])
    assert content(rows) == before


def test_each_row_gets_its_own_values_in_one_statement() -> None:
    first: Any = TransactionFactory(merchant_name="one")
    second: Any = TransactionFactory(merchant_name="two")
    first.merchant_name, second.merchant_name, second.posted_date = "1", "2", None
    with CaptureQueriesContext(connection) as queries:
        update_rows([first, second], ["merchant_name", "posted_date"])
    assert len(queries) == 1
    for row in (first, second):
        row.refresh_from_db()
    assert (first.merchant_name, second.merchant_name, second.posted_date) == ("1", "2", None)


def test_a_text_that_is_too_long_is_refused_and_not_cut() -> None:
    row: Any = TransactionFactory()
    row.category = "x" * 1_000
    with pytest.raises(DataError, match="value too long"):
        update_rows([row], ["category"])


def test_a_number_that_is_too_large_is_refused() -> None:
    row: Any = TransactionFactory()
    row.amount = -Decimal("10000000000000.00")
    with pytest.raises(IntegrityError, match="amount_size"):
        update_rows([row], ["amount"])


def test_no_rows_need_no_statement() -> None:
    with CaptureQueriesContext(connection) as queries:
        update_rows([], ["category"])
    assert len(queries) == 0
