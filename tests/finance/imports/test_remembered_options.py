"""Options and mappings that an account remembers from its earlier imports, as far as they fit the new file."""

from typing import Any

import pytest

from core.errors import DomainError
from dev.factories import AccountFactory
from finance.models import FinancialTransaction, StatementImport
from tests.finance.imports.conftest import Bring, Undo
from tests.finance.imports.statement_files import Line, csv_file, ofx_of
from users.models import User

POLISH = csv_file("2026-03-02,-5.00,Zażółć").decode().encode("cp1250")
DANISH = csv_file("2026-03-03,-6.00,Rød").decode().encode("cp1252")
SLASHES = csv_file("03/04/2026,-5.00,Tea")
THOUSANDS = csv_file("2026-03-02;1,234;Pay", header="Date;Amount;Description")


def texts() -> list[str]:
    return list(FinancialTransaction.objects.order_by("transaction_date").values_list("description", flat=True))


def last_options() -> dict[str, Any]:
    return StatementImport.objects.order_by("created_at").last().options


def test_the_encoding_is_remembered(bring: Bring) -> None:
    bring(POLISH, encoding="windows-1250")
    result = bring(csv_file("2026-03-03,-6.00,Rød").decode().encode("cp1252"))
    assert (texts()[1], result.options["encoding"], result.warnings) == ("Rřd", "windows-1250", [])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_an_encoding_that_does_not_fit_is_not_used(bring: Bring, encoding: str) -> None:
    bring(POLISH, encoding="windows-1250")
    result = bring("Date,Amount,Description\n2026-03-03,-6.00,Brød Łódź\n".encode(encoding))
    assert (texts()[1], result.options["encoding"]) == ("Brød Łódź", "")


def test_it_comes_back_after_a_file_that_it_did_not_fit(bring: Bring) -> None:
    bring(POLISH, encoding="windows-1250")
    bring("Date,Amount,Description\n2026-03-03,-6.00,Brød Łódź\n".encode())
    result = bring(csv_file("2026-03-04,-6.00,Rød").decode().encode("cp1252"))
    assert (texts()[2], result.options["encoding"]) == ("Rřd", "windows-1250")


def test_auto_forgets_it(bring: Bring) -> None:
    bring(POLISH, encoding="windows-1250")
    bring(DANISH, encoding="auto")
    bring(csv_file("2026-03-04,-6.00,Brød").decode().encode("cp1252"))
    assert texts()[1:] == ["Rød", "Brød"]
    assert last_options()["encoding"] == ""


def test_an_encoding_sent_for_csv_is_not_that_of_ofx(bring: Bring) -> None:
    bring(POLISH, encoding="windows-1250")
    bring(ofx_of(Line(id="K1", text="Rod", amount="-7.00")).replace(b"Rod", b"R\xf8d"))
    assert "Rød" in texts()


def test_an_encoding_sent_for_ofx_is_remembered_for_ofx(bring: Bring) -> None:
    bring(ofx_of(Line(id="K1", text="Zol")).replace(b"Zol", "Żółć".encode("cp1250")), encoding="windows-1250")
    bring(ofx_of(Line(id="K2", text="Rod")).replace(b"Rod", b"R\xf8d"))
    assert sorted(texts()) == ["Rřd", "Żółć"]


def test_the_date_order_is_remembered(bring: Bring) -> None:
    bring(SLASHES, date_order="month_first")
    result = bring(
        csv_file("05/06/2026,-5.00,Tea", header="Day,Amount,Description")
        .replace(b"Day", b"Date,Card")
        .replace(b",Tea", b",1,Tea")
    )
    assert result.options["date_order"] == "month_first"


def test_a_date_order_that_does_not_fit_is_not_used(bring: Bring) -> None:
    bring(SLASHES, date_order="month_first")
    assert bring(csv_file("25/04/2026,-5.00,Tea", header="Date,Amount,Text")).created == 1


def test_the_decimal_mark_is_remembered(bring: Bring) -> None:
    bring(THOUSANDS, decimal=".")
    result = bring(csv_file("2026-03-03;2,345;Pay", header="Booking date;Amount;Memo"))
    assert (result.created, result.options["decimal"]) == (1, ".")


def test_a_decimal_mark_that_does_not_fit_is_not_used(bring: Bring) -> None:
    bring(THOUSANDS, decimal=".")
    bring(csv_file("2026-03-03;1.234,50;Pay", "2026-03-04;7,50;Pay", header="Date;Amount;Description"))
    assert sorted(map(str, FinancialTransaction.objects.values_list("amount", flat=True))) == ["1234.00", "1234.50", "7.50"]


def test_a_sent_option_has_priority_over_the_remembered_mapping(bring: Bring) -> None:
    bring(csv_file("25/04/2026,-5.00,Tea"))
    bring(csv_file("03/04/2026,-6.00,Gum"), date_order="month_first")
    assert FinancialTransaction.objects.get(description="Gum").transaction_date.month == 3


def test_an_undone_import_is_forgotten(bring: Bring, undo: Undo) -> None:
    undo(bring(POLISH, encoding="windows-1250"))
    assert bring(DANISH).options["encoding"] == ""


def test_options_are_not_remembered_for_another_account(bring: Bring, alice: User) -> None:
    bring(POLISH, encoding="windows-1250")
    assert bring(DANISH, account=AccountFactory(user=alice)).options["encoding"] == ""


def test_two_layouts_in_turn_keep_their_mappings(bring: Bring) -> None:
    bring(csv_file("2026-03-02,-5.00,Tea", header="Wann,Wieviel,Wozu"), mapping={"date": "Wann", "amount": "Wieviel"})
    bring(csv_file("2026-03-03;-5.00;Gum", header="Quando;Quanto;Cosa"), mapping={"date": "Quando", "amount": "Quanto"})
    bring(csv_file("2026-03-04,-5.00,Date", header="Date,Amount,Description"))
    assert bring(csv_file("2026-03-05,-5.00,Tea", header="Wann,Wieviel,Wozu")).created == 1
    assert bring(csv_file("2026-03-06;-5.00;Gum", header="Quando;Quanto;Cosa")).created == 1


def test_a_layout_without_titles_is_found_by_its_rows(bring: Bring) -> None:
    by_number: dict[str, Any] = {"date": 0, "amount": 1, "description": 2, "balance": None}
    bring(b"2026-03-02,-5.00,Tea,7\n", mapping=by_number)
    bring(b"Gum,7,2026-03-03,-5.00\n", mapping={"date": 2, "amount": 3, "description": 0})
    bring(b"2026-03-04,-6.00,Tea,7\n")
    assert str(FinancialTransaction.objects.get(transaction_date="2026-03-04").amount) == "-6.00"


def test_a_mapping_with_mostly_broken_rows_is_the_last_resort(bring: Bring) -> None:
    mapping = {"date": "Wann", "amount": "Wieviel"}
    bring(csv_file("2026-03-02,-5.00,Tea", header="Wann,Wieviel,Wozu"), mapping=mapping)
    result = bring(csv_file("2026-03-03,-5.00,Tea", "x,x,x", "x,x,x", "x,x,x", header="Wann,Wieviel,Wozu"))
    assert (result.created, result.failed) == (1, 3)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"mapping": {"decimal": ","}, "decimal": "."}, ["decimal is “.”", "mapping.decimal is “,”"]),
        (
            {"mapping": {"date_format": "%d/%m/%Y"}, "date_order": "month_first"},
            ["date_order is month_first", "mapping.date_format is “%d/%m/%Y”"],
        ),
    ],
)
def test_a_contradiction_names_both(bring: Bring, options: dict[str, Any], named: list[str]) -> None:
    with pytest.raises(DomainError) as refused:
        bring(SLASHES, **options)
    assert (refused.value.code, refused.value.field) == ("conflicting_options", "mapping")
    assert [text in str(refused.value) for text in named] == [True, True]


@pytest.mark.parametrize(
    "options",
    [
        {"mapping": {"decimal": "."}, "decimal": "."},
        {"mapping": {"date_format": "%d/%m/%Y"}, "date_order": "day_first"},
        {"mapping": {"date_format": "%d/%m/%Y"}, "date_order": "auto"},
    ],
)
def test_an_agreement_is_fine(bring: Bring, options: dict[str, Any]) -> None:
    assert bring(csv_file("03/04/2026,-5.00,Tea"), **{"date_order": "day_first"} | options).created == 1
