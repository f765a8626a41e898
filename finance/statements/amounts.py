"""Parser of amounts in bank statements.

It accepts both decimal marks, any grouping, and signs that are written before, after, as parentheses or as letters. The
decimal mark is determined once for a whole file (`decimal_mark`) and never guessed for a single amount.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from finance.statements.currencies import currency_named
from finance.statements.rows import BrokenCellError
from finance.statements.text import clean_text

# Longer than any amount with its currency; also prevents parsing a cell of a million digits as Decimal.
_MAX_LENGTH = 64
_GROUP = 3
_PLAIN = {
    ".": re.compile(r"[+-]?[0-9]{1,12}(?:\.[0-9]{1,2})?").fullmatch,
    ",": re.compile(r"[+-]?[0-9]{1,3}(?:(?:\.[0-9]{3}){1,3}|[0-9]{0,9})(?:,[0-9]{1,2})?").fullmatch,
}
_number = re.compile(r"(?:(?<![^\W\d_])[.,])?[0-9](?:[0-9.,' ]*[0-9])?[.,]?").search
_affix = re.compile(r"[A-Za-z]{1,2}\$|[^\W\d_]+|[^\w\s]")
# Groups may have two digits, because Indian statements write 1,23,456.78.
_GRAMMARS = {
    ".": re.compile(r"(?:[0-9]+|[0-9]{1,3}(?:[,' ][0-9]{2,3})*[,' ][0-9]{3})?(?:\.[0-9]*)?").fullmatch,
    ",": re.compile(r"(?:[0-9]+|[0-9]{1,3}(?:[.' ][0-9]{2,3})*[.' ][0-9]{3})?(?:,[0-9]*)?").fullmatch,
}
_TO_DECIMAL = {".": str.maketrans("", "", ",' "), ",": str.maketrans(",", ".", ".' ")}
_FOLD = str.maketrans({"−": "-", "–": "-", "—": "-", "‒": "-", "’": "'", "‘": "'", "`": "'", "´": "'", "．": "."})
# "12.–" and "12,--" are Swiss and Dutch notation for "no cents"; the dash is not a minus sign.
_NO_CENTS = re.compile(r"(?<=[0-9])[.,]-{1,2}(?=\s|$)")
_NEGATIVE = frozenset({"-", "(", "dr", "db", "d", "s"})
_POSITIVE = frozenset({"+", ")", "cr", "c", "h", "."})


class ParsedAmount(NamedTuple):
    """A signed amount. `currency` is "" unless the cell contains a code or the symbol of exactly one currency."""

    amount: Decimal
    currency: str


def read_money(cell: str, mark: str) -> ParsedAmount:
    """Return the amount in `cell` with the decimal mark `mark`; raise BrokenCellError if it is not an amount."""
    return money_reader(mark)(cell)


def money_reader(mark: str) -> Callable[[str], ParsedAmount]:
    """Return `read_money` with this mark, for the cells of a whole file."""
    is_plain = _PLAIN[mark]

    def read(cell: str) -> ParsedAmount:
        if is_plain(cell):
            return ParsedAmount(Decimal(cell if mark == "." else cell.replace(".", "").replace(",", ".")), "")
        return _read(cell, mark)

    return read


def _read(cell: str, mark: str) -> ParsedAmount:
    text = fold(cell)
    found = _number(text) if len(text) <= _MAX_LENGTH else None
    if found is None or not _GRAMMARS[mark](found.group()):
        raise _bad(cell)
    negative, currency = _affixes(cell, text[: found.start()] + " " + text[found.end() :])
    size = Decimal(found.group().translate(_TO_DECIMAL[mark]))
    return ParsedAmount(-size if negative else size, currency)


def fold(cell: str) -> str:
    """Return `cell` trimmed, with full-width digits, no-break spaces, minus signs and apostrophes converted to ASCII."""
    text = cell if cell.isascii() else unicodedata.normalize("NFKC", cell.translate(_FOLD)).translate(_FOLD)
    return _NO_CENTS.sub("", text.strip())


def _affixes(cell: str, text: str) -> tuple[bool, str]:
    negative, currency = False, ""
    for word in _affix.findall(text):
        lower = word.lower()
        named = currency_named(word)
        if lower in _NEGATIVE:
            negative = True
        elif named is not None:
            currency = named or currency
        elif lower not in _POSITIVE:
            raise _bad(cell)
    if any(map(str.isdigit, text)) or text.count("(") != text.count(")"):
        raise _bad(cell)
    return negative, currency


def _bad(cell: str) -> BrokenCellError:
    shown = clean_text(cell, 40)
    if not shown:
        return BrokenCellError("amount", "missing_amount", "The amount is missing.")
    return BrokenCellError("amount", "bad_amount", f"“{shown}” is not an amount of money.")


def looks_like_money(cell: str) -> bool:
    """Return True if `cell` is an amount with either decimal mark."""
    return _is_amount(cell, ".") or _is_amount(cell, ",")


def _is_amount(cell: str, mark: str) -> bool:
    try:
        read_money(cell, mark)
    except BrokenCellError:
        return False
    return True


@dataclass(slots=True)
class _Evidence:
    """Numbers of amounts that prove a mark, that only suggest one ("1,234"), and that are integers of up to three digits."""

    proof: dict[str, int]
    hint: dict[str, int]
    short_integers: int = 0


def decimal_mark(cells: Iterable[str], *, decimals: int, is_point_usual: bool) -> str | None:
    """Return the decimal mark of a column of amounts, "." or ","; None if every amount is ambiguous.

    "1,234.56", "12,5" and "1.234.567" prove a mark. "1,234" may be more than one thousand, or one Kuwaiti dinar with three
    decimals. It is read as more than one thousand if the currency has no `decimals`, if the file is likely to use decimal
    points (`is_point_usual`), or if the column contains integers of up to three digits, such as "500". In a currency with
    three decimals it is one dinar, unless there are such integers.
    """
    evidence = _Evidence({".": 0, ",": 0}, {".": 0, ",": 0})
    for cell in cells:
        _count(fold(cell), evidence)
    if any(evidence.proof.values()):
        return max(evidence.proof, key=lambda mark: evidence.proof[mark])
    if not any(evidence.hint.values()):
        return "."
    if decimals == _GROUP and not evidence.short_integers:
        return _other(max(evidence.hint, key=lambda mark: evidence.hint[mark]))
    if decimals and is_point_usual and not evidence.hint[","]:
        return "."
    if decimals and not evidence.short_integers:
        return None
    return max(evidence.hint, key=lambda mark: evidence.hint[mark])


def _count(cell: str, evidence: _Evidence) -> None:
    found = _number(cell)
    number = found.group() if found else ""
    marks = [character for character in number if character in ".,"]
    if not marks:
        evidence.short_integers += 0 < len(number) <= _GROUP
    elif len(marks) > 1 and len(set(marks)) == 1:
        evidence.proof[_other(marks[-1])] += 1
    elif _is_decimal(number, marks):
        evidence.proof[marks[-1]] += 1
    else:
        evidence.hint[_other(marks[-1])] += 1


def _is_decimal(number: str, marks: list[str]) -> bool:
    whole, _, rest = number.rpartition(marks[-1])
    grouped_otherwise = len(marks) > 1 or "'" in whole or " " in whole
    # neither "0.123" nor "0123.456" nor "1234.567" can have a separator of thousands
    return grouped_otherwise or len(rest) != _GROUP or not whole or whole[0] == "0" or len(whole) > _GROUP


def _other(mark: str) -> str:
    return "," if mark == "." else "."
