"""Random CSV statements in every decimal mark, grouping, sign style, date order and delimiter, with their true rows."""

import csv
import datetime
import io
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from random import Random

TEXTS = ("Bakery", "Books, used", 'The "Blue" Door', "Müller & Söhne", "Order 12/7", "Rent; flat 3", "−", "N°5")
MARKS = ((".", ","), (".", ""), (".", " "), (".", "'"), (",", "."), (",", ""), (",", "\u00a0"), (",", "\u202f"))
DATE_FORMATS = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%y", "%m/%d/%y", "%Y/%m/%d",
                "%Y%m%d", "%d %b %Y", "%b %d, %Y", "%d-%b-%y", "%Y-%m-%d %H:%M:%S", "%Y年%m月%d日")  # fmt: skip
SIGNS = ("-{0}", "{0}-", "−{0}", "({0})", "- {0}", "{0} DR", "-€{0}", "€ -{0}")
EXTRAS = ("Balance", "Currency", "Value date", "Rate")
STYLES = ("signed", "halves", "halves with zeros", "negative halves", "letters", "words", "signs", "halves in two words")
WORDS = {"letters": ("D", "C"), "words": ("Debit", "Credit"), "signs": ("-", "+"), "halves in two words": ("Soll", "Haben")}


@dataclass(frozen=True)
class Generated:
    """A CSV file, its true rows as (date, amount, text), and the options that decide what its cells leave open."""

    content: str
    rows: list[tuple[datetime.date, Decimal, str]]
    date_order: str
    decimal: str


def generate(seed: int) -> Generated:
    """Return the statement of this seed."""
    random = Random(seed)
    rows = _rows(random)
    mark, group = random.choice(MARKS)
    is_short = random.random() < 0.3
    date_format = random.choice(DATE_FORMATS)
    style = random.choice(STYLES)
    sign = random.choice(SIGNS)
    extras = [extra for extra in EXTRAS if random.random() < 0.3]
    lines: list[list[str]] = [["Statement of the account"], []] if random.random() < 0.3 else []
    lines.append(["Date", "Description", *_titles(style), *extras])
    balance = Decimal("1000.00")
    for day, amount, text in rows:
        balance += amount
        cells = _cells(style, amount, lambda value: _number(value, mark, group, is_short=is_short), sign)
        values = {"Balance": ("-" if balance < 0 else "") + _number(abs(balance), mark, group, is_short=is_short)}
        values |= {"Currency": "USD", "Value date": f"{day + datetime.timedelta(days=40):{date_format}}", "Rate": "1.0000"}
        lines.append([f"{day:{date_format}}", text, *cells, *(values[extra] for extra in extras)])
    order = "month_first" if date_format[1] == "m" else "day_first"
    return Generated(_written(lines, random.choice(",;\t|")), rows, order, mark)


def _rows(random: Random) -> list[tuple[datetime.date, Decimal, str]]:
    first = datetime.date(2025, random.randint(1, 12), random.randint(1, 9))
    return [
        (
            first + datetime.timedelta(days=random.randint(0, random.choice((3, 60)))),
            Decimal(
                random.choice((-1, 1))
                * random.choice((random.randint(1, 99_999), random.randint(1, 99) * 100, random.randint(1_000, 99_999) * 100))
            )
            / 100,
            random.choice(TEXTS),
        )
        for _ in range(random.randint(1, 12))
    ]


def _titles(style: str) -> list[str]:
    if "halves" in style:
        return ["Soll", "Haben"] if style.endswith("words") else ["Debit", "Credit"]
    return ["Amount"] if style == "signed" else ["Debit/Credit", "Amount"]


def _cells(style: str, amount: Decimal, number: Callable[[Decimal], str], sign: str) -> list[str]:
    written = number(abs(amount))
    if style == "signed":
        return [sign.format(written) if amount < 0 else written]
    if "halves" in style:
        filler = number(Decimal("0.00")) if style.endswith("zeros") else ""
        return [f"-{written}" if style.startswith("negative") else written, filler] if amount < 0 else [filler, written]
    return [WORDS[style][amount > 0], written]


def _number(amount: Decimal, mark: str, group: str, *, is_short: bool) -> str:
    """Return a number, or without zeros at its end: "1,200.00", "1,200" and "1,200.5"."""
    written = f"{amount:,.2f}".replace(",", "_").replace(".", mark).replace("_", group)
    return written.rstrip("0").rstrip(mark) or "0" if is_short else written


def _written(lines: list[list[str]], delimiter: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(lines)
    return text.getvalue()
