"""Look-up of exchange rates, and conversion of amounts."""

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Case, IntegerField, Q, Value, When

from core.currencies import AMOUNT_LIMIT, EXACT, rounded
from core.errors import DomainError
from finance.models import ExchangeRate
from finance.models.exchange_rates import SAME_CURRENCY, RateSource


@dataclass(frozen=True, slots=True)
class RateOnDay:
    """A stored rate that is used for a day: the latest at or before it. An inverse one is stated for the opposite pair."""

    rate: Decimal
    day: date
    source: str
    is_inverse: bool

    def convert(self, amount: Decimal) -> Decimal:
        """Return an amount of the base currency in the quote currency, not rounded."""
        return EXACT.divide(amount, self.rate) if self.is_inverse else EXACT.multiply(amount, self.rate)


@dataclass(frozen=True, slots=True)
class Conversion:
    """An amount in another currency, rounded half to even to its minor units, and the rate that was used."""

    amount: Decimal
    base: str
    quote: str
    result: Decimal
    used: RateOnDay
    age_days: int


def rate_on(owner: UUID, base: str, quote: str, day: date) -> RateOnDay | None:
    """Return the latest rate of two currencies at or before `day`, or None.

    On the same day the user's own rate goes before an imported one, and a rate of this pair before one of the opposite pair.
    """
    rates = ExchangeRate.objects.filter(Q(base=base, quote=quote) | Q(base=quote, quote=base), user_id=owner, day__lte=day)
    by_source = Case(When(source=RateSource.USER, then=Value(0)), default=Value(1), output_field=IntegerField())
    by_pair = Case(When(base=base, then=Value(0)), default=Value(1), output_field=IntegerField())
    found: ExchangeRate | None = rates.order_by("-day", by_source, by_pair).first()
    return None if found is None else RateOnDay(found.rate, found.day, found.source, found.base != base)


def convert_amount(*, owner: UUID, amount: Decimal, base: str, quote: str, day: date) -> Conversion:
    """Convert an amount at the rate of a day. Raise DomainError if the rate is missing or the result is too large."""
    if base == quote:
        raise DomainError("same_currency", SAME_CURRENCY, field="to")
    used = rate_on(owner, base, quote, day)
    if used is None:
        message = f"There is no rate of {base} and {quote} on or before {day}. Add one: POST exchange-rates/."
        raise DomainError("rate_missing", message, field="day")
    result = used.convert(amount)
    if abs(result) >= AMOUNT_LIMIT:
        raise DomainError("max_whole_digits", f"The result in {quote} is too large. Convert a smaller amount.", field="amount")
    return Conversion(amount, base, quote, rounded(result, quote), used, (day - used.day).days)


class RateTable:
    """The rates of one user in memory, for the look-up of many days. The results are those of `rate_on`."""

    def __init__(self, owner: UUID) -> None:
        self.rates: dict[tuple[str, str], list[tuple[date, bool, bool, Decimal]]] = defaultdict(list)
        for rate in ExchangeRate.objects.filter(user_id=owner).order_by("day", "pk"):
            is_own = rate.source == RateSource.USER
            self.rates[rate.base, rate.quote].append((rate.day, is_own, True, rate.rate))
            self.rates[rate.quote, rate.base].append((rate.day, is_own, False, rate.rate))
        for found in self.rates.values():
            found.sort()

    def on(self, base: str, quote: str, day: date) -> RateOnDay | None:
        found = self.rates.get((base, quote), [])
        place = bisect_right(found, day, key=lambda rate: rate[0])
        if place == 0:
            return None
        of_day, is_own, is_direct, rate = found[place - 1]
        return RateOnDay(rate, of_day, RateSource.USER if is_own else RateSource.IMPORT, not is_direct)

    def convert(self, amount: Decimal, base: str, quote: str, day: date) -> Decimal | None:
        """Return an amount in another currency, not rounded, or None without a rate."""
        used = self.on(base, quote, day)
        return None if used is None else used.convert(amount)
