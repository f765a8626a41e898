"""Concurrent imports into one account run one after the other."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from core import clock
from dev.factories import AccountFactory
from finance.models import EncryptedFinancialProfile, FinancialTransaction
from finance.services import ImportResult, import_statement
from finance.statements.source import StatementSource
from tests.conftest import use_staff_role
from tests.finance.imports.statement_files import Line, csv_of, ofx_of

pytestmark = pytest.mark.django_db(transaction=True)

CSV = csv_of(*[Line(text=f"Shop {number}") for number in range(300)])
OFX = ofx_of(*[Line(text=f"Shop {number}", id=f"P{number}") for number in range(300)])


@pytest.fixture
def account() -> EncryptedFinancialProfile:
    return AccountFactory()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4, initializer=use_staff_role) as pool:
        yield pool


def bring(account: EncryptedFinancialProfile, content: bytes) -> ImportResult:
    try:
        source = StatementSource(file=io.BytesIO(content), filename="statement")
        return import_statement(source, account=account, now=clock.now())
    finally:
        connection.close()


@pytest.mark.parametrize("contents", [[CSV] * 4, [OFX] * 4, [CSV, OFX, CSV, OFX]], ids=["csv", "ofx", "both"])
def test_the_same_rows_sent_at_once_are_imported_once(
    account: EncryptedFinancialProfile, pool: ThreadPoolExecutor, contents: list[bytes]
) -> None:
    results = list(pool.map(lambda content: bring(account, content), contents))
    assert sorted(result.created for result in results) == [0, 0, 0, 300]
    assert FinancialTransaction.objects.count() == 300
