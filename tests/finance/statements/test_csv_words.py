"""Words of banks in many languages: debit and credit, months."""

import pytest

from tests.finance.statements.parse_helpers import read

SIGNS = [
    ("Debit", "Credit"),
    ("DBIT", "CRDT"),
    ("DR", "CR"),
    ("D", "C"),
    ("D", "K"),
    ("S", "H"),
    ("Soll", "Haben"),
    ("-", "+"),
    ("−", "+"),
    ("Af", "Bij"),
    ("Uttag", "Insättning"),
    ("Hævet", "Indsat"),
    ("Ut", "Inn"),
    ("Otto", "Pano"),
    ("Obciążenie", "Uznanie"),
    ("Wydatek", "Wpływ"),
    ("Odchozí", "Příchozí"),
    ("Výdaj", "Příjem"),
    ("Terhelés", "Jóváírás"),
    ("Kiadás", "Bevétel"),
    ("Ieșire", "Intrare"),
    ("Расход", "Приход"),
    ("Списание", "Зачисление"),
    ("Витрата", "Надходження"),
    ("Borç", "Alacak"),
    ("Χρέωση", "Πίστωση"),
    ("Deebet", "Kreedit"),
    ("Cargo", "Abono"),
    ("Débito", "Crédito"),
    ("Addebito", "Accredito"),
    ("Saída", "Entrada"),
    ("支出", "收入"),
    ("借", "贷"),
    ("出金", "入金"),
    ("출금", "입금"),
    ("Outflow", "Inflow"),
]


@pytest.mark.parametrize("title", ["Type", "Credit/Debit", "Ind."])
@pytest.mark.parametrize(("debit", "credit"), SIGNS, ids=[debit for debit, _ in SIGNS])
def test_a_word_gives_the_sign_of_the_amount(debit: str, credit: str, title: str) -> None:
    content = f"Date;{title};Amount;Text\n13.01.2025;{debit};12,50;A\n14.01.2025;{credit};2.500,00;B\n"
    reading = read(content)
    assert reading.errors == []
    assert reading.amounts == ["-12.50", "2500.00"]


def test_a_text_of_debit_and_credit_beside_signed_amounts_is_kept() -> None:
    reading = read("Datum;Buchungstext;Betrag\n13.01.2025;Lastschrift;-12,50\n14.01.2025;Gutschrift;5,00\n")
    assert [row.description for row in reading.rows] == ["Lastschrift", "Gutschrift"]


def test_unknown_words_are_no_guess_if_the_title_promises_a_sign() -> None:
    reading = read("Date,Debit/Credit,Amount\n2025-01-13,Spent,12.50\n2025-01-14,Earned,5.00\n")
    assert reading.rows == []
    assert reading.codes == [(2, "unknown_sign"), (3, "unknown_sign")]


def test_a_minus_at_every_credit_is_not_a_second_sign() -> None:
    content = "Date,D/C,Amount\n2025-01-13,D,12.50\n2025-01-14,C,-5.00\n2025-01-15,D,3.00\n"
    assert read(content).amounts == ["-12.50", "5.00", "-3.00"]


def test_a_minus_at_some_credits_is_unclear() -> None:
    reading = read("Date,D/C,Amount\n2025-01-13,D,12.50\n2025-01-14,C,-5.00\n2025-01-15,C,3.00\n")
    assert reading.amounts == ["-12.50", "3.00"]
    assert reading.codes == [(3, "two_signs")]


@pytest.mark.parametrize("credit", ["+ £1100.00", "+1100.00", "1100.00 CR", "£1100.00Cr"])
def test_amounts_without_a_sign_are_debits_if_only_credits_are_marked(credit: str) -> None:
    content = f"Date,Text,Amount\n2025-01-13,Shop,£18.89\n2025-01-14,Thank you,{credit}\n2025-01-15,Cafe,£1.50\n"
    assert read(content).amounts == ["-18.89", "1100.00", "-1.50"]


@pytest.mark.parametrize("others", [("18.89", "-1.50"), ("+18.89", "+1.50"), ("18.89", "1.50 DR")])
def test_a_marked_credit_says_nothing_about_others_otherwise(others: tuple[str, str]) -> None:
    content = f"Date,Text,Amount\n2025-01-13,A,{others[0]}\n2025-01-14,B,+5.00\n2025-01-15,C,{others[1]}\n"
    assert read(content).amounts[:2] == ["18.89", "5.00"]


@pytest.mark.parametrize(("first", "second"), [("A", "B"), ("C", "R"), ("T", "J"), ("Open", "Closed"), ("H", "C")])
def test_other_letters_do_not_change_the_sign(first: str, second: str) -> None:
    content = f"Date,Class,Amount,Text\n2025-01-13,{first},12.50,A\n2025-01-14,{second},5.00,B\n"
    assert read(content).amounts == ["12.50", "5.00"]


MONTHS = [
    ("13 Jan 2025", "13 Mar 2025", "13 Oct 2025"),
    ("13 januari 2025", "13 mars 2025", "13 oktober 2025"),
    ("13. januar 2025", "13. marts 2025", "13. oktober 2025"),
    ("13 tammikuuta 2025", "13 maaliskuuta 2025", "13 lokakuuta 2025"),
    ("13 stycznia 2025", "13 marca 2025", "13 października 2025"),
    ("13 sty 2025", "13 mar 2025", "13 paź 2025"),
    ("13. ledna 2025", "13. března 2025", "13. října 2025"),
    ("13. január 2025", "13. marec 2025", "13. október 2025"),
    ("2025. január 13.", "2025. március 13.", "2025. október 13."),
    ("13 ianuarie 2025", "13 martie 2025", "13 octombrie 2025"),
    ("13 января 2025", "13 марта 2025", "13 октября 2025"),
    ("13 янв. 2025", "13 мар. 2025", "13 окт. 2025"),
    ("13 січня 2025", "13 березня 2025", "13 жовтня 2025"),
    ("13 Ocak 2025", "13 Mart 2025", "13 Ekim 2025"),
    ("13 de janeiro de 2025", "13 de março de 2025", "13 de outubro de 2025"),
    ("2025年1月13日", "2025年3月13日", "2025年10月13日"),
    ("2025년 1월 13일", "2025년 3월 13일", "2025년 10월 13일"),
]


@pytest.mark.parametrize("days", MONTHS, ids=[days[0] for days in MONTHS])
def test_months_are_read_in_the_language_of_the_bank(days: tuple[str, ...]) -> None:
    content = "Date;Amount\n" + "".join(f"{day};-1,00\n" for day in days)
    assert read(content).dates == ["2025-01-13", "2025-03-13", "2025-10-13"]


FORMS = [
    "13. 1. 2025",
    "13.01.2025.",
    "2025. 01. 13.",
    "2025.01.13.",
    "2025-01-13T10:11:12.000Z",
    "13/01/2025 10:11",
    "20250113",
    "13/01/2025-10:11:12",
    "01/13/2025 as of 01/12/2025",
]


@pytest.mark.parametrize("day", FORMS)
def test_dates_are_read_in_the_forms_of_the_bank(day: str) -> None:
    assert read(f"Date;Amount\n{day};-1,00\n").dates == ["2025-01-13"]
