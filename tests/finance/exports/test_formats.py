"""The files as other programs read them: ofxtools, `csv`, a QIF reader, `json`."""

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Any

import orjson
import pytest
from ofxtools.Parser import OFXTree

from dev.factories import AccountFactory, TransactionFactory
from tests.finance.exports.conftest import FORMATS, Export
from tests.finance.imports.conftest import Bring
from users.models import User

pytestmark = pytest.mark.filterwarnings("ignore:Encountered private extension tag")
DAY = date(2026, 3, 2)


@pytest.fixture
def small(alice: User) -> Any:
    """Return an account with a posted transaction with everything, a pending one, and one in another currency."""
    account = AccountFactory(user=alice, profile_name="Everyday", account_balance=Decimal("2411.07"))
    owned = {"user": alice, "financial_profile": account, "transaction_date": DAY}
    TransactionFactory(
        **owned,
        amount=Decimal("-4.50"),
        merchant_name="Coffee House & Bakery of the Old Town",
        description="CARD 1234\nCOFFEE",
        reference_number="A1",
        posted_date=date(2026, 3, 3),
        status="completed",
        category="dining",
    )
    TransactionFactory(
        **owned, amount=Decimal("-7.00"), merchant_name="", description="Hotel", status="pending", reference_number="H1"
    )
    TransactionFactory(
        **owned, amount=Decimal("9.00"), currency="EUR", transaction_type="refund", status="completed", description="Back"
    )
    return account


def ofx(content: bytes) -> Any:
    """Return the OFX aggregate that ofxtools validates against the specification."""
    parser = OFXTree()
    parser.parse(io.BytesIO(content))
    return parser.convert()


def test_ofxtools_reads_the_statements(small: Any, export: Export) -> None:
    dollars, euros = ofx_statements(export(small, "ofx"))
    [coffee] = dollars.transactions
    assert (coffee.trntype, coffee.trnamt, coffee.fitid, coffee.memo) == ("DEBIT", Decimal("-4.50"), "A1", r"CARD 1234\nCOFFEE")
    assert (coffee.name, coffee.extdname) == ("Coffee House & Bakery of the Old", "Coffee House & Bakery of the Old Town")
    assert (coffee.dtposted.date(), coffee.dtuser.date()) == (date(2026, 3, 3), DAY)
    assert (dollars.curdef, dollars.balance.balamt, dollars.account.accttype) == ("USD", Decimal("2411.07"), "CHECKING")
    assert dollars.account.acctid.endswith("-6789")
    assert (euros.curdef, [row.trnamt for row in euros.transactions]) == ("EUR", [Decimal("9.00")])


def ofx_statements(content: bytes) -> list[Any]:
    # ofxtools requires a balance, which is unknown in the second currency
    head, section, tail = content.partition(b"<STMTRS><CURDEF>EUR")
    balance = b"<LEDGERBAL><BALAMT>0</BALAMT><DTASOF>20260331</DTASOF></LEDGERBAL></STMTRS>"
    return list(ofx(head + section + tail.replace(b"</STMTRS>", balance, 1)).statements)


def test_a_pending_transaction_is_in_the_list_of_pending_ones(small: Any, export: Export) -> None:
    posted, pending = export(small, "ofx").decode().split("<BANKTRANLISTP>")
    assert ("Hotel" in posted, "Hotel" in pending.partition("</BANKTRANLISTP>")[0]) == (False, True)
    assert "<FITID>" not in pending.partition("</BANKTRANLISTP>")[0]


@pytest.mark.parametrize(("kind", "message"), [("credit", b"<CREDITCARDMSGSRSV1>"), ("savings", b"<ACCTTYPE>SAVINGS<")])
def test_the_account_has_its_type_in_ofx(alice: User, export: Export, kind: str, message: bytes) -> None:
    account = AccountFactory(user=alice, profile_type=kind, account_balance=Decimal("-5.00"))
    content = export(account, "ofx")
    assert message in content
    assert ofx(content).statements[0].balance.balamt == Decimal("-5.00")


@pytest.mark.parametrize("file_format", FORMATS)
def test_no_rows_are_a_valid_file(alice: User, export: Export, bring: Bring, file_format: str) -> None:
    account = AccountFactory(user=alice, account_balance=Decimal("0.00"))
    result = bring(export(account, file_format), account=AccountFactory(user=alice))
    assert (result.format, result.created, result.errors) == (file_format, 0, [])


def test_no_rows_are_valid_ofx(alice: User, export: Export) -> None:
    account = AccountFactory(user=alice, account_balance=Decimal("0.00"))
    [statement] = ofx(export(account, "ofx")).statements
    assert (list(statement.transactions), statement.balance.balamt) == ([], Decimal(0))


def test_the_balance_of_a_past_period_is_unknown(small: Any, export: Export) -> None:
    past = {"to": "2026-03-31"}
    assert b"LEDGERBAL" not in export(small, "ofx", **past)
    assert orjson.loads(export(small, "json", **past))["balances"] is None


def test_the_csv_has_the_columns_of_a_statement(small: Any, export: Export) -> None:
    rows = list(csv.DictReader(io.StringIO(export(small, "csv").decode("utf-8-sig"))))
    assert [row["Amount"] for row in rows] == ["-4.50", "-7.00", "9.00"]
    assert rows[0] == {
        "Date": "2026-03-02",
        "Posted date": "2026-03-03",
        "Amount": "-4.50",
        "Currency": "USD",
        "Merchant": "Coffee House & Bakery of the Old Town",
        "Description": "CARD 1234\nCOFFEE",
        "Reference": "A1",
        "Status": "completed",
        "Category": "dining",
        "Type": "expense",
    }


def test_the_json_is_one_object(small: Any, export: Export) -> None:
    document = orjson.loads(export(small, "json", currency="USD"))
    account = {
        "profile_name": "Everyday",
        "profile_type": "checking",
        "institution_name": "",
        "account_number_masked": "••••6789",
    }
    assert (document["format"], document["version"], document["account"]) == ("mingus.account", 2, account)
    stated = {"ledger": "2411.07", "as_of": small.today().isoformat()}
    assert (document["currency"], document["balances"]) == ("USD", stated)
    coffee, hotel = document["transactions"]
    assert (coffee["amount"], coffee["status"]) == ("-4.50", "completed")
    assert hotel == {
        "transaction_date": "2026-03-02",
        "posted_date": None,
        "amount": "-7.00",
        "currency": "USD",
        "merchant_name": "",
        "description": "Hotel",
        "reference_number": "H1",
        "status": "pending",
        "category": "",
        "transaction_type": "expense",
        "payee": "",
        "note": "",
        "tags": [],
        "splits": [],
    }


def test_the_qif_has_a_record_for_each_transaction(small: Any, export: Export) -> None:
    assert export(small, "qif", currency="USD").decode() == (
        "!Account\nDMINGUS export 1, USD\nNEveryday\nTBank\n^\n!Type:Bank\n"
        "D2026-03-02\nT-4.50\nNA1\nPCoffee House & Bakery of the Old Town\nMCARD 1234\\nCOFFEE\nLdining\nC*\n^\n"
        "D2026-03-02\nT-7.00\nNH1\nMHotel\n^\n"
    )
