"""Every format through the whole pipeline: dry run, import, import again, undo, balances and jobs."""

from datetime import date
from typing import Any

import pytest
from django.conf import LazySettings
from rest_framework.test import APIClient

from core import jobs
from finance.models import EncryptedFinancialProfile, FinancialTransaction
from tests.commands.conftest import no_jobs
from tests.finance.imports.conftest import Bring, Send, Undo
from tests.finance.imports.test_api import error
from tests.finance.statements.camt_files import Entry, balance, document, entry, statement
from tests.finance.statements.mt940_files import line, message
from tests.finance.statements.workbook_files import Rows, ods, xlsx

__all__ = ["no_jobs"]

TABLE: Rows = [
    ("Date", "Description", "Amount"),
    (date(2026, 3, 2), "Grocer Blue", -12.5),
    (date(2026, 3, 13), "Mail Order", 20.0),
]
CAMT = document(
    statement(
        *(balance("OPBD", "100", currency="USD"), balance("CLBD", "107.50", currency="USD")),
        entry(Entry(currency="USD")),
        entry(Entry("20.00", day="2026-03-13", payee="Mail Order", id="REF-0002", currency="USD")),
        currency="<Ccy>USD</Ccy>",
    )
)
MT940 = message(
    *(line(), ":86:166?20Invoice 17?32Grocer Blue"),
    *(line("C20,", entry="0313", rest="NTRFNONREF//B4E07XM00J02"), ":86:166?20Refund?32Mail Order"),
    opening=":60F:C260301USD100,00",
    closing=":62F:C260313USD107,50",
)
QIF = "!Type:Bank\nD3/2/2026\nT-12.50\nPGrocer Blue\n^\nD3/13/2026\nT20.00\nPMail Order\n^\n"
FILES = {"camt": CAMT.encode(), "mt940": MT940.encode(), "qif": QIF.encode(), "xlsx": xlsx(TABLE), "ods": ods(TABLE)}


def _stored() -> list[tuple[Any, ...]]:
    rows = FinancialTransaction.objects.order_by("transaction_date")
    return [
        (row.transaction_date.isoformat(), str(row.amount), row.currency, row.merchant_name or row.description) for row in rows
    ]


@pytest.mark.parametrize("name", FILES)
def test_a_format_is_imported_once_and_undone(bring: Bring, undo: Undo, name: str) -> None:
    content = FILES[name]
    dry = bring(content, dry_run=True)
    first = bring(content)
    again = bring(content)
    assert (first.format, dry.created, first.created, first.failed) == (name, 2, 2, 0)
    assert (again.created, again.duplicates, again.review) == (0, 2, 0)
    assert _stored() == [("2026-03-02", "-12.50", "USD", "Grocer Blue"), ("2026-03-13", "20.00", "USD", "Mail Order")]
    undo(again)
    assert undo(first).removed == 2


@pytest.mark.parametrize(("name", "day"), [("camt", date(2026, 3, 31)), ("mt940", date(2026, 3, 13))])
def test_a_proved_balance_is_that_of_the_account(
    bring: Bring, account: EncryptedFinancialProfile, name: str, day: date
) -> None:
    result = bring(FILES[name])
    assert result.statement == {
        "opening": "100.00",
        "closing": "107.50",
        "computed": "107.50",
        "gap": "0.00",
        "currency": "USD",
    }
    account.refresh_from_db()
    assert (str(account.account_balance), account.balance_date) == ("107.50", day)


@pytest.mark.parametrize("name", FILES)
def test_the_api_takes_the_format(send: Send, name: str) -> None:
    body = send(FILES[name], format=name, filename=f"march.{name}").json()
    assert (body["format"], body["created"], body["errors"]) == (name, 2, [])
    assert error(send(FILES[name], format="ofx"))[1:] == ("format", "wrong_format")


def test_a_pdf_is_refused_at_the_file(send: Send) -> None:
    assert error(send(b"%PDF-1.7\n1 0 obj")) == (400, "file", "pdf_not_supported")


MANY = 2_000


@pytest.mark.usefixtures("no_jobs")
@pytest.mark.parametrize(
    "content",
    [
        document(statement(*(entry(Entry(id=f"REF-{number:07}", currency="USD")) for number in range(MANY)))),
        message(*(f"{line(rest=f'NTRFNONREF//REF{number:09}')}\n:86:{'x' * 300}" for number in range(MANY))).replace(
            "EUR", "USD"
        ),
        "!Type:Bank\n" + "".join(f"D1/13/2026\nT-{number}.00\nP{'x' * 300}\n^\n" for number in range(1, MANY + 1)),
        xlsx([TABLE[0], *((date(2026, 3, 2), f"{number} {number**9} {number**7}", -1.5) for number in range(MANY))]),
    ],
    ids=["camt", "mt940", "qif", "xlsx"],
)
def test_a_large_file_is_imported_by_a_job(
    send: Send, as_alice: APIClient, settings: LazySettings, content: str | bytes
) -> None:
    settings.IMPORT_DIRECT_BYTES = 1_000
    response = send(content.encode() if isinstance(content, str) else content)
    assert response.status_code == 202, response.content
    jobs.run_pending()
    done = as_alice.get(response.headers["Location"]).json()
    assert (done["error"], done["result"]["created"]) == (None, MANY)
