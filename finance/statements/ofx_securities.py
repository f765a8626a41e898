"""Counts of the trades, dividends and positions of OFX investment statements, which are not imported (OFX 2.3, chapter 13)."""

import re
from collections import Counter
from collections.abc import Iterable

from finance.statements.ofx_markup import Section
from finance.statements.rows import StatementWarning

_ASSETS = ("DEBT", "MF", "OPT", "OTHER", "STOCK")
_ELEMENTS = {
    **dict.fromkeys((f"BUY{asset}" for asset in _ASSETS), "purchase"),
    **dict.fromkeys((f"SELL{asset}" for asset in _ASSETS), "sale"),
    **dict.fromkeys((f"POS{asset}" for asset in _ASSETS), "position"),
    **dict.fromkeys((f"OO{kind}{asset}" for kind in ("BUY", "SELL") for asset in _ASSETS), "open order"),
    "OOSWITCHMF": "open order",
    "CLOSUREOPT": "option closure",
    "INVEXPENSE": "investment expense",
    "JRNLFUND": "journal entry",
    "JRNLSEC": "journal entry",
    "MARGININTEREST": "margin interest charge",
    "REINVEST": "reinvestment",
    "RETOFCAP": "return of capital",
    "SPLIT": "stock split",
    "TRANSFER": "transfer of securities",
}
_INCOME = {"DIV": "dividend", "INTEREST": "interest payment", "CGLONG": "capital gain", "CGSHORT": "capital gain"}
_OTHER_INCOME = "income payment"
_PLURALS = {"journal entry": "journal entries", "return of capital": "returns of capital",
            "transfer of securities": "transfers of securities"}  # fmt: skip
_TAG = re.compile(rf"<(?:({'|'.join(_ELEMENTS)})|(INCOME))\s*/?>|<INCOMETYPE\s*>\s*([A-Za-z]*)", re.IGNORECASE)


def count_left_out(text: str, sections: Iterable[Section]) -> Counter[str]:
    """Return how often each kind of element without a cash row is in the investment statements among `sections`."""
    counts: Counter[str] = Counter()
    for section in sections:
        if section.kind == "INVSTMTRS":
            _count(text[section.start : section.end], counts)
    return +counts


def _count(text: str, counts: Counter[str]) -> None:
    is_income = False
    for tag in _TAG.finditer(text):
        element, income, kind = tag.groups()
        if element:
            counts[_ELEMENTS[element.upper()]] += 1
            is_income = False
        elif income:
            counts[_OTHER_INCOME] += 1
            is_income = True
        elif is_income:  # REINVEST has an INCOMETYPE too
            counts[_OTHER_INCOME] -= 1
            counts[_INCOME.get(kind.upper(), _OTHER_INCOME)] += 1
            is_income = False


def list_counts(counts: Counter[str]) -> str:
    """Return the counts in words, the largest first: "12 purchases, 3 dividends and 1 position"."""
    words = [f"{count:,} {name if count == 1 else _PLURALS.get(name, name + 's')}" for name, count in counts.most_common()]
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def warn_of_left_out(counts: Counter[str]) -> tuple[StatementWarning, ...]:
    """Return a warning that names what was left out; nothing if the statement has cash transactions only."""
    if not counts:
        return ()
    verb = "was" if counts.total() == 1 else "were"
    message = (
        f"{list_counts(counts)} {verb} left out, because only cash transactions are imported. Add dividends, interest and "
        "expenses by hand if you want to see them here, and set the account's balance yourself."
    )
    return (StatementWarning("left_out", message),)
