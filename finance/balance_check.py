"""Check that a statement adds up: its opening balance plus its booked rows equals its closing balance, to the cent."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class BalanceCheck:
    """Balances and the sum of the booked rows, in `currency`. A balance that neither file nor user states is None.

    `is_sign_known` is false if nothing shows whether the closing balance has the sign of the account: the rows were inverted,
    or it is above 0 on a credit, loan or mortgage account, where banks state what is owed or what was overpaid.
    """

    opening: Decimal | None
    closing: Decimal | None
    moved: Decimal
    currency: str
    is_sign_known: bool = True

    @property
    def computed(self) -> Decimal | None:
        """Opening balance plus every booked row, including rows that were imported before."""
        return None if self.opening is None else self.opening + self.moved

    @property
    def gap(self) -> Decimal | None:
        """Closing minus computed balance; 0 if the statement adds up."""
        return None if self.closing is None or self.computed is None else self.closing - self.computed
