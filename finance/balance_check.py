"""Whether a statement adds up: what it opened with and what moved make what it closed with, to the cent."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class BalanceCheck:
    """Balances in `currency`, two decimals; None where neither the file nor its owner says."""

    opening: Decimal | None
    closing: Decimal | None
    moved: Decimal
    currency: str

    @property
    def computed(self) -> Decimal | None:
        """Opening balance plus every booked row, whether it was new or known."""
        return None if self.opening is None else self.opening + self.moved

    @property
    def gap(self) -> Decimal | None:
        """What is missing between the two; 0 proves the statement."""
        return None if self.closing is None or self.computed is None else self.closing - self.computed
