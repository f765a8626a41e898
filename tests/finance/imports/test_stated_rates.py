"""Exchange rates that statements state beside their payments are stored by an import and deleted by its undo."""

from decimal import Decimal
from typing import Any

import pytest

from finance.models import ExchangeRate
from tests.finance.imports.conftest import Bring, Undo
from tests.finance.statements.camt_files import Entry, document, entry, statement
from tests.finance.statements.parse_helpers import ofx

pytestmark = pytest.mark.django_db

USD_IN_EUR = ("USD", "EUR", "2026-03-02", "0.9")
CURRENCY = "<{tag}><CURRATE>{rate}</CURRATE><CURSYM>{symbol}</CURSYM></{tag}>"


def rates() -> list[tuple[str, ...]]:
    found = ExchangeRate.objects.order_by("day", "base", "quote")
    return [(rate.base, rate.quote, rate.day.isoformat(), f"{rate.rate.normalize():f}") for rate in found]


def camt(exchange: str, *, instructed: str = '<Amt Ccy="USD">100</Amt>', amount: str = "-90.00") -> bytes:
    """Return a statement with a payment of 100 dollars from an account in euros."""
    details = f"<AmtDtls><InstdAmt>{instructed}<CcyXchg>{exchange}</CcyXchg></InstdAmt></AmtDtls>"
    return document(statement(entry(Entry(amount=amount, extra=details)))).encode()


def exchange(rate: str, *, source: str = "USD", target: str = "EUR", more: str = "") -> str:
    return f"<SrcCcy>{source}</SrcCcy><TrgtCcy>{target}</TrgtCcy>{more}<XchgRate>{rate}</XchgRate>"


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (exchange("0.9"), [USD_IN_EUR]),
        (exchange("1.111111"), [("EUR", "USD", "2026-03-02", "1.111111")]),  # the price of a euro in dollars
        (exchange("0.91"), [("USD", "EUR", "2026-03-02", "0.91")]),  # 1.10 of the 90.00 are a charge
        (exchange("1.5"), []),  # contradicts the amounts in either direction
        (exchange("0.9", more="<UnitCcy>EUR</UnitCcy>"), [USD_IN_EUR]),  # the amounts prove it
        (exchange("0.9", more="<QtnDt>2026-02-27T10:00:00+01:00</QtnDt>"), [("USD", "EUR", "2026-02-27", "0.9")]),
        (exchange("0"), []),
        (exchange("x"), []),
        (exchange("-0.9"), []),
        (exchange("0.9", source="XXQ"), []),
        (exchange("1", source="EUR"), []),
    ],
)
def test_a_rate_of_camt_fits_its_amounts(stated: str, expected: Any, bring: Bring) -> None:
    assert bring(camt(stated)).created == 1
    assert rates() == expected


def test_without_amounts_the_unit_currency_decides(bring: Bring) -> None:
    bring(camt(exchange("1.25", source="GBP", target="CHF"), instructed=""))
    assert rates() == []
    stated = exchange("1.25", source="GBP", target="CHF", more="<UnitCcy>CHF</UnitCcy>")
    bring(camt(stated, instructed="", amount="-91.00"))
    assert rates() == [("CHF", "GBP", "2026-03-02", "1.25")]


@pytest.mark.parametrize("tag", ["CURRENCY", "ORIGCURRENCY"])
def test_a_rate_of_ofx_is_the_price_of_the_other_currency(tag: str, bring: Bring) -> None:
    row = "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260302<TRNAMT>-9.00<FITID>{id}<NAME>Hotel{money}</STMTTRN>"
    stated = [
        row.format(id="A", money=CURRENCY.format(tag=tag, rate="0.68", symbol="CAD")),
        row.format(id="B", money=CURRENCY.format(tag=tag, rate="0,68", symbol="GBP")),
        row.format(id="C", money=""),
    ]
    assert bring(ofx(*stated).encode()).created == 3
    [rate] = rates()
    assert (rate[0], rate[2:]) == ("CAD", ("2026-03-02", "0.68"))


def test_a_dry_run_stores_none_and_an_undo_deletes_them(bring: Bring, undo: Undo) -> None:
    assert bring(camt(exchange("0.9")), dry_run=True).created == 1
    assert rates() == []
    first = bring(camt(exchange("0.9")))
    stored = ExchangeRate.objects.get()
    assert (stored.source, str(stored.statement_import_id), stored.rate) == ("import", str(first.id), Decimal("0.9"))
    second = bring(camt(exchange("0.91"), amount="-91.00"))  # of the same pair and day
    assert rates() == [USD_IN_EUR]
    undo(second)
    assert rates() == [USD_IN_EUR]
    undo(first)
    assert rates() == []
