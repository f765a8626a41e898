"""Signs of a statement: inversion for banks that write charges as positive amounts, and what the rows say about it.

OFX 2.3 (3.2.9.2) signs amounts from the perspective of the customer: purchases on a card are negative. Many banks export
cards with the opposite signs, in OFX and in CSV.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from finance.statements.row_validation import type_of
from finance.statements.rows import RowOrError, StatementRow

_RECEIVED = frozenset({"income", "refund"})
_SPENT = frozenset({"expense", "fee"})
# Rows that are usually negative, but a return at a shop or a deposit at a machine is not, so that a few prove nothing.
_USUALLY_SPENT = "purchase"
_MIN_USUAL = 3


def counted(rows: Iterator[RowOrError], signs: Counter[tuple[str, bool]], *, invert: bool) -> Iterator[RowOrError]:
    """Yield `rows`, with opposite signs if `invert`, and count them in `signs` by kind and by the sign in the file."""
    for row in rows:
        if isinstance(row, StatementRow):
            if row.correction is None:  # one that deletes a transaction has no amount
                signs[row.kind, row.amount > 0] += 1
            if invert:
                row = row._replace(amount=-row.amount, transaction_type=type_of(row.kind, -row.amount))
        yield row


@dataclass(frozen=True, slots=True)
class SignEvidence:
    """Numbers of rows: `agreeing` and `opposing` by their kind, and without a telling kind `incoming` and `outgoing`."""

    agreeing: int
    opposing: int
    incoming: int
    outgoing: int

    @property
    def rows(self) -> int:
        return self.agreeing + self.opposing + self.incoming + self.outgoing

    @property
    def is_opposed_by_kinds(self) -> bool:
        """Return True if most rows with a telling kind have the opposite sign."""
        return self.opposing > self.agreeing

    @property
    def is_mostly_incoming(self) -> bool:
        """Return True if more rows bring money than spend it, without those that a bank calls income."""
        return self.incoming + self.opposing > self.outgoing + self.agreeing


def evidence(signs: Mapping[tuple[str, bool], int], *, invert: bool) -> SignEvidence:
    """Return what `signs`, counted by `counted`, say about the rows as imported: with opposite signs if `invert`."""
    found: Counter[str] = Counter()
    usual = sum(count for (kind, _), count in signs.items() if kind == _USUALLY_SPENT)
    for (kind, is_positive), count in signs.items():
        comes_in = is_positive is not invert
        if kind in _SPENT or (kind == _USUALLY_SPENT and usual >= _MIN_USUAL):
            found["opposing" if comes_in else "agreeing"] += count
        elif kind in _RECEIVED:
            found["agreeing" if comes_in else "opposing"] += count
        elif kind != "transfer":
            found["incoming" if comes_in else "outgoing"] += count
    return SignEvidence(found["agreeing"], found["opposing"], found["incoming"], found["outgoing"])
