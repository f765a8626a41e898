"""Meaning of the signs, flags and names of a CSV file, determined from its first rows."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from finance.statements.amounts import fold
from finance.statements.csv_names import PENDING_TITLES, SIGN_TITLES
from finance.statements.csv_titles import stripped_key
from finance.statements.csv_words import MEMO_WORDS, SIGN_WORDS, word_key
from finance.statements.row_validation import NAME_LENGTH
from finance.statements.text import clean_text

_MIN_ROWS = 3
_CREDIT_MARK = re.compile(r"\+|(?<![^\W\d_])(?:CR|C|H)\b", re.IGNORECASE).search
_DEBIT_MARK = re.compile(r"(?<![^\W\d_])(?:DR|DB|D|S)\b", re.IGNORECASE).search

Rows = Sequence[Sequence[str]]


def _cells(rows: Rows, index: int | None) -> Iterator[str]:
    return (row[index] for row in rows if index is not None and index < len(row) and row[index].strip())


def debit_factor(columns: Mapping[str, int], rows: Rows) -> int:
    """Return -1 if most debits have no minus sign, so that a negative one is a reversal; otherwise 1."""
    debits = list(_cells(rows, columns.get("debit")))
    return 1 if sum(map(_is_negative, debits)) * 2 > len(debits) else -1


def credit_factor(columns: Mapping[str, int], rows: Rows) -> int:
    """Return -1 if most credits have a minus sign, as in statements of cards that write what is owed; otherwise 1."""
    credits = list(_cells(rows, columns.get("credit")))
    return -1 if sum(map(_is_negative, credits)) * 2 > len(credits) else 1


def _is_negative(cell: str) -> bool:
    text = fold(cell)
    return text.startswith("(") or "-" in text


def has_sign_words(header: Sequence[str], columns: Mapping[str, int], rows: Rows) -> bool:
    """Return True if most rows have a word for debit or credit in the type column, and debits have no minus sign.

    If the title promises nothing else ("Debit/Credit"), amounts without any sign also need such a word.
    """
    if "type" not in columns or "amount" not in columns:
        return False
    place, amount = columns["type"], columns["amount"]
    if place < len(header) and stripped_key(header[place]) in SIGN_TITLES and not any(map(_is_negative, _cells(rows, amount))):
        return any(_cells(rows, place))
    known = [(SIGN_WORDS.get(word_key(row[place])), row[amount]) for row in rows if max(place, amount) < len(row)]
    signs = [(sign, _is_negative(cell)) for sign, cell in known if sign is not None and cell.strip()]
    if len(signs) * 2 <= sum(bool(cell.strip()) for _, cell in known):
        return False
    unsigned, signed = (sum(sign < 0 and is_negative is negative for sign, is_negative in signs) for negative in (False, True))
    return unsigned > signed or not any(is_negative for _, is_negative in signs)


def has_negative_credits(columns: Mapping[str, int], rows: Rows) -> bool:
    """Return True if all amounts beside a word for credit have a minus sign, and none beside a word for debit.

    Cards that count what is owed write them so.
    """
    if "type" not in columns or "amount" not in columns:
        return False
    place, amount = columns["type"], columns["amount"]
    signs = {
        (sign, _is_negative(row[amount]))
        for row in rows
        if max(place, amount) < len(row) and row[amount].strip() and (sign := SIGN_WORDS.get(word_key(row[place]))) is not None
    }
    return signs == {(1, True), (-1, False)}


def are_only_credits_marked(columns: Mapping[str, int], rows: Rows) -> bool:
    """Return True if some amounts are marked as credits ("+1.00", "1.00 CR") and the others have no sign."""
    cells = list(_cells(rows, columns.get("amount")))
    marked = sum(map(is_marked_credit, cells))
    return 0 < marked < len(cells) and not any(_is_negative(cell) or _DEBIT_MARK(fold(cell)) for cell in cells)


def is_marked_credit(cell: str) -> bool:
    """Return True if an amount has a plus sign or a letter for credit."""
    return _CREDIT_MARK(fold(cell)) is not None


def has_memo_words(columns: Mapping[str, int], rows: Rows) -> bool:
    """Return True if the type column says which rows do not change the balance."""
    if not has_sign_words_only(columns, rows):
        return False
    return any(word_key(cell) in MEMO_WORDS for cell in _cells(rows, columns.get("type")))


def has_sign_words_only(columns: Mapping[str, int], rows: Rows) -> bool:
    """Return True if the type column has no other words than those for debit, credit and memo."""
    words = {word_key(cell) for cell in _cells(rows, columns.get("type"))}
    return bool(words) and all(word in SIGN_WORDS or word in MEMO_WORDS for word in words)


def is_flag_pending(header: Sequence[str], columns: Mapping[str, int]) -> bool:
    """Return True if "yes" means pending ("Pending"), and False if it means booked ("Posted", "Cleared")."""
    index = columns.get("pending")
    return index is None or index >= len(header) or stripped_key(header[index]) in PENDING_TITLES


def own_name(columns: Mapping[str, int], rows: Rows) -> str:
    """Return the name that is payer or payee of every row that has both; "" if it is not exactly one."""
    if not {"payer", "payee"} <= columns.keys():
        return ""
    payer, payee = columns["payer"], columns["payee"]
    pairs = [
        {clean_text(row[payer], NAME_LENGTH), clean_text(row[payee], NAME_LENGTH)}
        for row in rows
        if max(payer, payee) < len(row) and row[payer].strip() and row[payee].strip()
    ]
    counts = Counter(name for pair in pairs for name in pair)
    names = [name for name, count in counts.items() if count == len(pairs) >= _MIN_ROWS]
    return names[0] if len(names) == 1 else ""
