"""Flags of pending rows, payer and payee, and which of several dates is the day of a transaction."""

import pytest

from finance.statements.rows import StatementError
from tests.finance.statements.parse_helpers import read

FLAGS = {
    "Pending": ("true", "false"),
    "pending": ("Yes", "No"),
    "Is Pending": ("1", "0"),
    "Posted": ("no", "yes"),
    "Booked": ("false", "true"),
    "Cleared": ("Uncleared", "Cleared"),
    "Vorgemerkt": ("ja", "nein"),
    "Gebucht": ("Nein", "Ja"),
    "Status": ("Pending", "Completed"),
    "Status ": ("Reserverad", "Bokförd"),
    "Estado": ("Pendiente", "Contabilizado"),
    "Stav": ("Nezaúčtováno", "Zaúčtováno"),
    "Stato": ("Autorizzato", "Contabilizzato"),
    "Статус": ("В обработке", "Исполнено"),
    "交易状态": ("处理中", "交易成功"),
    "Durum": ("Beklemede", "Tamamlandı"),
}


@pytest.mark.parametrize(("title", "words"), FLAGS.items(), ids=FLAGS.keys())
def test_a_flag_marks_pending_rows(title: str, words: tuple[str, str]) -> None:
    content = f"Date,Description,Amount,{title}\n2025-01-13,A,-1.00,{words[0]}\n2025-01-14,B,-2.00,{words[1]}\n"
    reading = read(content)
    assert [row.is_pending for row in reading.rows] == [True, False]
    assert read(content, mapping=reading.statement.mapping).rows == reading.rows


def test_a_status_and_a_flag_both_count() -> None:
    content = (
        "Date,Amount,Status,Pending\n2025-01-13,-1.00,ok,true\n2025-01-14,-2.00,Declined,false\n2025-01-15,-3.00,ok,false\n"
    )
    reading = read(content)
    assert [(str(row.amount), row.is_pending) for row in reading.rows] == [("-1.00", True), ("-3.00", False)]
    assert reading.codes == [(3, "not_executed")]


@pytest.mark.parametrize(
    "word", ["Declined", "Denied", "Avvisad", "Odrzucona", "Zrušeno", "Отклонено", "交易关闭", "İptal edildi"]
)
def test_a_row_that_moved_no_money_is_an_error(word: str) -> None:
    reading = read(f"Date,Amount,Status\n2025-01-13,-1.00,{word}\n")
    assert reading.codes == [(2, "not_executed")]


def test_a_memo_of_paypal_moves_no_money() -> None:
    content = (
        "Date,Net,Fee,Balance Impact\n01/13/2025,-1.00,0.00,Debit\n01/14/2025,-1.00,0.00,Memo\n01/15/2025,2.00,0.00,Credit\n"
    )
    reading = read(content)
    assert reading.amounts == ["-1.00", "2.00"]
    assert reading.codes == [(3, "not_executed")]


PARTIES = [
    ("Payer Name", "Payee Name"),
    ("From", "To"),
    ("Sender", "Receiver"),
    ("Debtor", "Creditor"),
    ("Zahlungspflichtige*r", "Zahlungsempfänger*in"),
    ("Auftraggeber", "Empfänger"),
    ("Avsändare", "Mottagare"),
    ("Plátce", "Příjemce"),
    ("Nadawca", "Odbiorca"),
    ("Плательщик", "Получатель"),
    ("Ordonator", "Beneficiar"),
]


@pytest.mark.parametrize(("payer", "payee"), PARTIES, ids=[payer for payer, _ in PARTIES])
def test_the_merchant_is_never_the_customer(payer: str, payee: str) -> None:
    content = f"Date;{payer};{payee};Amount\n13.01.2025;Me;Bakery;-4,00\n14.01.2025;Acme;Me;9,00\n"
    assert [row.merchant_name for row in read(content).rows] == ["Bakery", "Acme"]


def test_a_request_for_money_is_paid_by_its_recipient() -> None:
    content = (
        "Datetime,Type,From,To,Amount (total)\n2025-01-13T10:00:00,Charge,Me,Kim,+ $5.00\n"
        "2025-01-14T10:00:00,Charge,Kim,Me,- $6.00\n2025-01-15T10:00:00,Payment,Me,Lee,- $7.00\n"
        "2025-01-16T10:00:00,Payment,Lee,Me,+ $8.00\n"
    )
    assert [row.merchant_name for row in read(content).rows] == ["Kim", "Kim", "Lee", "Lee"]


def test_a_merchant_stands_in_for_a_missing_party() -> None:
    content = "Date,Payer Name,Payee Name,Merchant,Amount\n13.01.2025,,,Bakery,-4.00\n14.01.2025,Acme,,,9.00\n"
    assert [row.merchant_name for row in read(content).rows] == ["Bakery", "Acme"]


DATES = {
    "booking before value": ("Buchungstag", "Wertstellung"),
    "value before booking": ("Wertstellung", "Buchungstag"),
    "unknown booking title": ("Valuta", "Datum der Erfassung"),
    "English": ("Value Date", "Posted"),
    "Spanish": ("Fecha valor", "Fecha operación"),
    "French": ("Date de valeur", "Date de comptabilisation"),
    "Swedish": ("Valutadag", "Bokföringsdag"),
    "Polish": ("Data waluty", "Data księgowania"),
    "Hungarian": ("Értéknap", "Könyvelés dátuma"),
    "Italian": ("Data valuta", "Data contabile"),
}


@pytest.mark.parametrize("titles", DATES.values(), ids=DATES.keys())
def test_the_value_day_is_not_the_date(titles: tuple[str, str]) -> None:
    days = ["20.01.2025" if title in ("Wertstellung", "Valuta", "Value Date", "Fecha valor", "Date de valeur", "Valutadag",
            "Data waluty", "Értéknap", "Data valuta") else "13.01.2025" for title in titles]  # fmt: skip
    [row] = read(f"{titles[0]};{titles[1]};Text;Amount\n{days[0]};{days[1]};A;-1,00\n").rows
    assert row.date.isoformat() == "2025-01-13"


def test_a_value_day_alone_is_the_date() -> None:
    assert read("Value date,Amount\n2025-01-13,-1.00\n").dates == ["2025-01-13"]


def test_a_posted_flag_is_not_the_date() -> None:
    reading = read("Posted,When it happened (date),Amount\nyes,2025-01-13,-1.00\nno,2025-01-14,-2.00\n")
    assert reading.dates == ["2025-01-13", "2025-01-14"]
    assert [row.is_pending for row in reading.rows] == [False, True]


@pytest.mark.parametrize(("order", "day"), [("day_first", "2025-02-01"), ("month_first", "2025-01-02")])
def test_the_refusal_of_dates_names_the_option(order: str, day: str) -> None:
    with pytest.raises(StatementError, match="date_order") as refusal:
        read("Date,Amount\n01/02/2025,1.00\n")
    assert order in refusal.value.message
    assert read("Date,Amount\n01/02/2025,1.00\n", date_order=order).dates == [day]


@pytest.mark.parametrize(("mark", "amount"), [(".", "1.50"), (",", "1500.00")])
def test_the_refusal_of_amounts_names_the_option(mark: str, amount: str) -> None:
    with pytest.raises(StatementError, match="decimal"):
        read("Date;Amount\n13.01.2025;1.500\n")
    assert read("Date;Amount\n13.01.2025;1.500\n", decimal=mark).amounts == [amount]


@pytest.mark.parametrize("order", ["day_first", "month_first"])
def test_a_date_order_does_not_change_clear_dates(order: str) -> None:
    assert read("Date,Amount\n2025-01-13,1.00\n", date_order=order).dates == ["2025-01-13"]
