"""Slow queries of a list, which are stopped with advice on the page."""

import time
from typing import Any

import pytest
from django.contrib import admin
from django.db import OperationalError, connection
from django.db.models import Func, TextField, Value
from django.test import Client

from core.admin import lists
from dev.factories import TransactionFactory
from finance.models import FinancialTransaction

pytestmark = pytest.mark.django_db
LIST = "/admin/finance/financialtransaction/"


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make each row take ten seconds to read and allow a tenth of a second."""
    page = admin.site.get_model_admin(FinancialTransaction)
    nap = Func(Value(10), template="pg_sleep(%(expressions)s)::text", output_field=TextField())
    monkeypatch.setattr(page, "get_queryset", lambda request: FinancialTransaction.objects.alias(nap=nap).exclude(nap="1"))
    monkeypatch.setattr(lists, "MAX_QUERY_SECONDS", 0.1)
    TransactionFactory(merchant_name="Noodle Yard")


def test_the_list_comes_back_empty_with_advice(office: Client, slow: None) -> None:
    began = time.monotonic()
    response = office.get(LIST)
    assert response.status_code == 200
    assert "Choose a customer, or remove filters." in response.content.decode()
    assert time.monotonic() - began < 5


def test_another_database_error_is_not_hidden(office: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> None:
        raise OperationalError("the connection is gone")

    monkeypatch.setattr(lists.UncountedPaginator, "page", fail)
    office.raise_request_exception = False
    assert office.get(LIST).status_code >= 500


def test_the_timeout_ends_with_its_block() -> None:
    with lists.limit_statement_time(1), connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("1s",)
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)
