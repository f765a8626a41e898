"""CSV files of banks in many countries, read without a mapping."""

import pytest

from tests.finance.statements.parse_helpers import read

BANKS = {
    "ING, Netherlands": (
        '"Datum","Naam / Omschrijving","Rekening","Tegenrekening","Code","Af Bij","Bedrag (EUR)","Mededelingen"\n'
        '"20250113","ALBERT HEIJN","NL01","","BA","Af","12,50","Pas 001"\n'
        '"20250114","Werkgever BV","NL01","NL02","OV","Bij","2.500,00","Salaris"\n'
    ),
    "Sparkasse, Germany": (
        '"Auftragskonto";"Buchungstag";"Valutadatum";"Verwendungszweck";"Beguenstigter/Zahlungspflichtiger";"Betrag";"Waehrung"\n'
        '"123";"13.01.25";"14.01.25";"Pas 001";"ALBERT HEIJN";"-12,50";"EUR"\n'
        '"123";"14.01.25";"14.01.25";"Salaris";"Werkgever BV";"2.500,00";"EUR"\n'
    ),
    "a German bank with a page above the table": (
        'Kontonummer:;"DE01 / Girokonto"\n\nVon:;01.01.2025\nSaldo vom 31.01.2025:;"2.487,50 EUR"\n\n'
        "Buchungstag;Zahlungsempfänger*in;Verwendungszweck;Soll;Haben;Währung\n"
        "13.01.2025;ALBERT HEIJN;Pas 001;-12,50;;EUR\n14.01.2025;Werkgever BV;Salaris;;2.500,00;EUR\n"
    ),
    "France": (
        "Date opération;Date valeur;Tiers;Libellé;Débit euros;Crédit euros;Devise\n"
        "13/01/2025;13/01/2025;ALBERT HEIJN;Pas 001;12,50;;EUR\n14/01/2025;14/01/2025;Werkgever BV;Salaris;;2 500,00;EUR\n"
    ),
    "Spain": (
        "Fecha Operación;Fecha Valor;Beneficiario;Concepto;Importe;Saldo;Divisa\n"
        "13/01/2025;13/01/2025;ALBERT HEIJN;Pas 001;-12,50;87,50;EUR\n"
        "14/01/2025;14/01/2025;Werkgever BV;Salaris;2.500,00;2.587,50;EUR\n"
    ),
    "Italy": (
        "Data;Controparte;Descrizione;Entrate;Uscite;Valuta\n"
        "13/01/2025;ALBERT HEIJN;Pas 001;;-12,50;EUR\n14/01/2025;Werkgever BV;Salaris;2.500,00;;EUR\n"
    ),
    "Portugal": (
        "Data mov.;Data valor;Destinatário;Descrição;Montante;Moeda\n"
        "13-01-2025;13-01-2025;ALBERT HEIJN;Pas 001;-12,50;EUR\n14-01-2025;14-01-2025;Werkgever BV;Salaris;2.500,00;EUR\n"
    ),
    "Revolut": (
        "Type,Started Date,Completed Date,Payee,Description,Amount,Fee,Currency,State,Balance\n"
        "CARD_PAYMENT,2025-01-13 10:11:12,2025-01-14 03:00:00,ALBERT HEIJN,Pas 001,-12.50,0.00,EUR,COMPLETED,87.50\n"
        "TOPUP,2025-01-14 10:11:12,2025-01-14 10:11:13,Werkgever BV,Salaris,2500.00,0.00,EUR,COMPLETED,2587.50\n"
    ),
    "a spreadsheet in Switzerland": (
        "sep=;\nDate;Payee;Details;Amount in EUR\n"
        "13.01.2025;ALBERT HEIJN;Pas 001;-12.50\n14.01.2025;Werkgever BV;Salaris;2'500.–\n"
    ),
    "a spreadsheet with tabs": (
        "Booked on\tMerchant\tMemo\tAmount\n"
        "13 Jan 2025\tALBERT HEIJN\tPas 001\t(€12.50)\n14 Jan 2025\tWerkgever BV\tSalaris\t€2,500.00 CR\n"
    ),
    "debits and credits with zeros and marks of space": (
        "Date,Payee,Description,Withdrawals,Deposits,Currency\n"
        '2025/01/13,ALBERT HEIJN,Pas 001,12.50,0.00,EUR\n2025/01/14,Werkgever BV,Salaris,-,"2,500.00",EUR\n'
    ),
    "a column for the sign": (
        "Date,Payee,Description,Debit/Credit,Amount,Currency\n"
        '2025-01-13T10:00:00Z,ALBERT HEIJN,Pas 001,DR,12.50,EUR\n2025-01-14T10:00:00Z,Werkgever BV,Salaris,CR,"2,500.00",EUR\n'
    ),
    "old Mac line ends and trailing delimiters": (
        "Date,Payee,Description,Amount,Currency,\r"
        "2025-01-13,ALBERT HEIJN,Pas 001,-12.50,EUR,\r2025-01-14,Werkgever BV,Salaris,2500,EUR,\r"
    ),
}


@pytest.mark.parametrize("content", BANKS.values(), ids=BANKS.keys())
def test_it_reads_the_same_two_transactions(content: str) -> None:
    reading = read(content)
    assert reading.errors == []
    assert [(row.date.isoformat(), str(row.amount), row.currency) for row in reading.rows] == [
        ("2025-01-13", "-12.50", "EUR"),
        ("2025-01-14", "2500.00", "EUR"),
    ]
    assert [(row.merchant_name, row.description) for row in reading.rows] == [
        ("ALBERT HEIJN", "Pas 001"),
        ("Werkgever BV", "Salaris"),
    ]


@pytest.mark.parametrize("content", BANKS.values(), ids=BANKS.keys())
def test_the_reported_mapping_returns_the_same_rows(content: str) -> None:
    first = read(content)
    assert read(content, mapping=first.statement.mapping).rows == first.rows


def test_posting_and_purchase_dates_are_distinguished() -> None:
    content = "Transaction Date,Post Date,Description,Amount\n01/13/2025,01/14/2025,Shop,-1.00\n"
    [row] = read(content).rows
    assert (str(row.date), str(row.posted_date)) == ("2025-01-13", "2025-01-14")


def test_a_row_marked_as_pending_is_pending() -> None:
    content = (
        "Date,Completed Date,Description,Amount,Status\n2025-01-13,2025-01-14,A,-1.00,Completed\n2025-01-13,,B,-2.00,PENDING\n"
    )
    assert [(row.is_pending, str(row.posted_date)) for row in read(content).rows] == [(False, "2025-01-14"), (True, "None")]


def test_a_row_that_the_bank_declined_is_not_booked() -> None:
    content = "Date,Description,Amount,State\n2025-01-13,A,-1.00,COMPLETED\n2025-01-13,B,-2.00,DECLINED\n"
    reading = read(content)
    assert reading.amounts == ["-1.00"]
    assert reading.codes == [(3, "not_executed")]


@pytest.mark.parametrize(
    ("word", "amount", "transaction_type"),
    [
        ("Fee", "-5", "fee"),
        ("Fee", "5", "refund"),
        ("Refund", "5", "refund"),
        ("Return", "5", "refund"),
        ("Refund", "-5", "expense"),
        ("Transfer", "-5", "transfer"),
        ("Sale", "-5", "expense"),
        ("Payment", "5", "income"),
    ],
)
def test_a_type_column_counts_if_it_fits_the_sign(word: str, amount: str, transaction_type: str) -> None:
    content = f"Date,Description,Type,Amount\n2025-01-13,A,{word},{amount}\n2025-01-14,B,Sale,-1.00\n"
    assert read(content).rows[0].transaction_type == transaction_type


@pytest.mark.parametrize("title", ["ID", "Transaction ID", "FITID", "Reference Number", "Transaction-Id"])
def test_an_id_is_read_from_a_column_titled_as_one(title: str) -> None:
    content = f"Date,Amount,{title}\n2025-01-13,1.00,X1\n2025-01-14,1.00,X2\n"
    assert [row.provider_id for row in read(content).rows] == ["X1", "X2"]


@pytest.mark.parametrize("title", ["Reference", "Customer", "Check Number", "Notes"])
def test_no_other_column_is_read_as_an_id(title: str) -> None:
    content = f"Date,Amount,{title}\n2025-01-13,1.00,X1\n2025-01-14,1.00,X2\n"
    assert [row.provider_id for row in read(content).rows] == ["", ""]


def test_an_id_that_different_rows_share_is_no_id() -> None:
    content = "Date,Amount,ID\n2025-01-13,1.00,CUSTOMER7\n2025-01-14,2.00,CUSTOMER7\n"
    assert [row.provider_id for row in read(content).rows] == ["", ""]


def test_the_same_row_twice_keeps_its_id() -> None:
    content = "Date,Amount,ID\n2025-01-13,1.00,A\n2025-01-13,1.00,A\n"
    assert [row.provider_id for row in read(content).rows] == ["A", "A"]


def test_a_category_is_read() -> None:
    content = "Date,Amount,Category\n2025-01-13,1.00,Food &amp; Drink\n"
    assert read(content).rows[0].category == "Food & Drink"


@pytest.mark.parametrize(
    ("cell", "currency"), [("-12.50 €", "EUR"), ("£12.50", "GBP"), ("CHF 12.50", "CHF"), ("$12.50", "USD"), ("R$ 12.50", "BRL")]
)
def test_a_currency_beside_the_amount_counts(cell: str, currency: str) -> None:
    assert read(f"Date,Amount\n2025-01-13,{cell}\n").rows[0].currency == currency


@pytest.mark.parametrize("title", ["Валюта счета", "Valutacode", "Currency"])
def test_the_former_code_of_the_ruble_is_read(title: str) -> None:
    [row] = read(f"Date;Amount;Text;{title}\n2025-01-13;-1,00;A;RUR\n").rows
    assert row.currency == "RUB"


def test_an_amount_in_the_currency_of_the_account_outranks_others() -> None:
    content = (
        "Дата операции;Сумма операции;Валюта операции;Сумма пересчитанная в валюту счета;Валюта счета;Основание\n"
        "13.01.2025;-4,50;EUR;-336,15;RUB;Кафе\n"
    )
    [row] = read(content).rows
    assert (str(row.amount), row.currency) == ("-336.15", "RUB")


def test_a_currency_column_outranks_the_default() -> None:
    content = "Date,Amount,Currency\n2025-01-13,1.00,eur\n2025-01-13,1.00,\n2025-01-13,1.00,ZZZ\n"
    reading = read(content)
    assert [row.currency for row in reading.rows] == ["EUR", "USD"]
    assert reading.codes == [(4, "unknown_currency")]


def test_a_table_without_a_header_is_read_when_it_is_clear() -> None:
    content = '"01/22/2025","-12.00","*","","PURCHASE A"\n"01/23/2025","12.00","*","","PURCHASE B"\n'
    reading = read(content)
    assert [(row.number, str(row.amount), row.description) for row in reading.rows] == [
        (1, "-12.00", "PURCHASE A"),
        (2, "12.00", "PURCHASE B"),
    ]
    assert reading.statement.mapping["date"] == 0
    assert reading.statement.mapping["amount"] == 1


def test_without_a_header_a_running_balance_must_add_up() -> None:
    content = "2025-01-13,Shop,-1.00,9.00\n2025-01-14,Shop,-2.00,7.00\n2025-01-15,Shop,3.00,10.00\n"
    reading = read(content)
    assert reading.amounts == ["-1.00", "-2.00", "3.00"]
    assert str(reading.statement.balances.opening) == "10.00"


def test_a_header_alone_is_a_statement_without_rows() -> None:
    reading = read("Date,Description,Amount\n")
    assert (reading.rows, reading.errors) == ([], [])
