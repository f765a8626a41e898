"""Recurring revenue (MRR) now and by month, churn, and the retention of cohorts, from the movements of all customers.

The amounts of movements are those of a year. They are added exactly, and a twelfth of the sum is rounded. The parts of a month
are rounded so that they add up: each is the difference between the rounded sums with it and without it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.db.models.functions import TruncMonth

from billing.metric_tables import ZERO, Metric, Picture, Row, last_months, percent
from billing.models import BillingMovement, Subscription
from billing.models.movements import STARTS, MovementKind, monthly
from billing.models.subscriptions import IS_LOCAL, SubscriptionStatus

PARTS = (MovementKind.NEW, MovementKind.REACTIVATION, MovementKind.EXPANSION, MovementKind.CONTRACTION, MovementKind.CHURN)
MIN_CUSTOMERS = 10  # of a group whose percentages are shown
FEW = "few"
RETENTION_MONTHS = 12
RESTATED = (
    "An unpaid renewal counts until Stripe gives it up, which ends the revenue with the last paid period: the last one or two "
    "months may still change."
)
SOURCE = "Movements of customers whom Stripe charges, after recurring discounts and without tax. Gifts and trials have none."
CUSTOMERS_LEFT = "Customers who still pay, by the month of their first payment"
CUSTOMERS_FORMULA = (
    "Customers of the month who pay at the end of the first, second, … month after it, divided by all new customers of the "
    f"month. With fewer than {MIN_CUSTOMERS} customers, their numbers are shown instead."
)
REVENUE_LEFT = "MRR that is left, by the month of the first payment"
REVENUE_FORMULA = (
    "MRR of the month's new customers at the end of the first, second, … month after it, divided by the MRR with which they "
    f"began. Expansions can raise it above 100. With fewer than {MIN_CUSTOMERS} customers, no percentage is shown."
)
States = dict[tuple[Any, str], list[Decimal]]  # by customer and currency


def monthly_recurring_revenue(now: datetime) -> Metric:
    """Return the current monthly recurring revenue (MRR) by currency, and the part of it that is past due."""
    later = BillingMovement.objects.filter(
        user=OuterRef("user"), currency=OuterRef("currency"), happened_at__gt=OuterRef("happened_at"), happened_at__lte=now
    )
    late = Subscription.objects.filter(user=OuterRef("user"), currency=OuterRef("currency"), status=SubscriptionStatus.PAST_DUE)
    present = BillingMovement.objects.filter(~Exists(later), happened_at__lte=now, annual_after__gt=ZERO)
    sums = present.annotate(is_late=Exists(late.exclude(IS_LOCAL))).values("currency").order_by("currency")
    found = sums.annotate(
        customers=Count("user"),
        annual=Sum("annual_after"),
        late_customers=Count("user", filter=Q(is_late=True)),
        late_annual=Sum("annual_after", filter=Q(is_late=True), default=ZERO),
    )
    rows = [
        (
            currency,
            row["customers"],
            monthly(row["annual"], currency),
            row["late_customers"],
            monthly(row["late_annual"], currency),
        )
        for row in found
        for currency in (row["currency"],)
    ]
    return Metric(
        "mrr",
        "Monthly recurring revenue now",
        "Sum of what customers pay for a month: each customer's own price and quantity, with yearly amounts divided by 12. It "
        "includes what is past due, until Stripe gives it up.",
        SOURCE,
        ("currency", "customers", "MRR", "of which past due: customers", "of which past due: MRR"),
        2,
        rows,
    )


def revenue_by_month(now: datetime) -> Metric:
    """Return the MRR at the start and at the end of each month, and the movements between them."""
    months = last_months(now)
    sums = _sums_by_month(now)
    rows: list[Row] = []
    for currency in sorted({currency for _, currency, _ in sums}):
        earlier = [
            (kind, found) for (begin, other, kind), found in sums.items() if other == currency and begin < months[0].begins
        ]
        opening = sum((annual for _, (annual, _) in earlier), ZERO), _customers_gained(earlier)
        for month in months:
            parts = {kind: sums.get((month.begins, currency, kind), (ZERO, 0)) for kind in PARTS}
            closing = opening[0] + sum(part[0] for part in parts.values()), opening[1] + _customers_gained(parts.items())
            shown = rounded_parts(opening[0], [part[0] for part in parts.values()], currency)
            name = month.label(now)
            rows.append((name, currency, monthly(opening[0], currency), *shown, monthly(closing[0], currency), closing[1]))
            opening = closing
    return Metric(
        "mrr-by-month",
        "Monthly recurring revenue by month",
        "MRR at the start + new + reactivation + expansion + contraction + churn = MRR at the end. A customer is new with "
        f"their first payment, and reactivates when they pay again after churn. {RESTATED}",
        f"{SOURCE} Months are those of UTC.",
        ("month", "currency", "start", *(kind.label.lower() for kind in PARTS), "end", "customers at the end"),
        8,
        rows,
        Picture.BRIDGE,
    )


def rounded_parts(opening: Decimal, parts: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Return the twelfths of parts, rounded so that they add up to the difference of the rounded sums before and after them."""
    found, before = [], opening
    for part in parts:
        found.append(monthly(before + part, currency) - monthly(before, currency))
        before += part
    return found


def churn(now: datetime) -> Metric:
    """Return the customers and the MRR that were there at the start of each month and were lost by its end."""
    months = last_months(now)
    states = _states([month.begins for month in months], now)
    rows: list[Row] = []
    for currency in sorted({currency for _, currency in states}):
        customers = [amounts for (_, other), amounts in states.items() if other == currency]
        for number, month in enumerate(months):
            pairs = [(amounts[number], amounts[number + 1]) for amounts in customers if amounts[number]]
            start, lost = sum((was for was, _ in pairs), ZERO), sum((max(was - left, ZERO) for was, left in pairs), ZERO)
            gone = sum(not left for _, left in pairs)
            shares = [_share(gone, len(pairs), len(pairs)), _share(lost, start, len(pairs))]
            amounts = monthly(start, currency), monthly(lost, currency)
            rows.append((month.label(now), currency, len(pairs), gone, shares[0], *amounts, shares[1]))
    return Metric(
        "churn",
        "Churn",
        "Customers who paid when the month began and no longer at its end, divided by all who paid when it began; the same for "
        f"their MRR, with what they pay less. With fewer than {MIN_CUSTOMERS} customers, no percentage is shown. {RESTATED}",
        f"{SOURCE} Months are those of UTC.",
        ("month", "currency", "customers at start", "lost", "%", "MRR at start", "MRR lost", "% of MRR"),
        3,
        rows,
    )


def retention(now: datetime) -> list[Metric]:
    """Return the tables of the customers of each month of a first payment, and of their MRR, after 1 to 12 months.

    A month that has not ended has no figure.
    """
    cohorts = _cohorts(now)
    customers: list[Row] = []
    revenue: list[Row] = []
    for month, currency in sorted(cohorts, key=lambda place: (place[1], place[0])):
        members = cohorts[month, currency]
        start, number = sum((annual for annual, _ in members), ZERO), len(members)
        place = (month, currency, number, monthly(start, currency))
        left = [[amounts[after] for _, amounts in members] for after in range(len(members[0][1]))]
        rest = [None] * (RETENTION_MONTHS - len(left))
        counts = [sum(map(bool, amounts)) for amounts in left]
        shown = [_share(count, number, number) if number >= MIN_CUSTOMERS else f"{count} of {number}" for count in counts]
        customers.append((*place, *shown, *rest))
        revenue.append((*place, *(_share(sum(amounts, ZERO), start, number) for amounts in left), *rest))
    months = tuple(str(after) for after in range(1, RETENTION_MONTHS + 1))
    columns = ("month", "currency", "customers", "first MRR", *months)
    source = (
        f"{SOURCE} Months are those of UTC, and only those that have ended are shown. A change of currency counts as a loss."
    )
    return [
        Metric("retention-customers", CUSTOMERS_LEFT, CUSTOMERS_FORMULA, source, columns, 2, customers, Picture.HEAT),
        Metric("retention-mrr", REVENUE_LEFT, REVENUE_FORMULA, source, columns, 2, revenue, Picture.HEAT),
    ]


def _cohorts(now: datetime) -> Mapping[tuple[str, str], list[tuple[Decimal, list[Decimal]]]]:
    """Return the first and the later revenues of a year of customers, by the month of their first payment and currency.

    The later ones are those at the end of each of the months after it that have ended.
    """
    present = last_months(now)[-1].begins
    begins = [present - relativedelta(months=back) for back in reversed(range(RETENTION_MONTHS + 2))]
    states = _states(begins, now)
    firsts = BillingMovement.objects.filter(kind=MovementKind.NEW, happened_at__gte=begins[0], happened_at__lt=present)
    cohorts: dict[tuple[str, str], list[tuple[Decimal, list[Decimal]]]] = defaultdict(list)
    for user, currency, at, annual in firsts.values_list("user", "currency", "happened_at", "annual_after"):
        number = max(place for place, begin in enumerate(begins) if begin <= at)
        cohorts[f"{begins[number]:%Y-%m}", currency].append((annual, states[user, currency][number + 2 : -1]))
    return cohorts


def _share(part: Any, whole: Any, customers: int) -> Any:
    """Return a percentage; None of nothing, and "few" of too few customers for a percentage."""
    if not customers:
        return None
    return percent(part, whole) if customers >= MIN_CUSTOMERS else FEW


def _sums_by_month(now: datetime) -> dict[tuple[datetime, str, str], tuple[Decimal, int]]:
    """Return the sums of movements and their numbers by month, currency and kind."""
    rows = BillingMovement.objects.filter(happened_at__lte=now).annotate(month=TruncMonth("happened_at", tzinfo=UTC))
    sums = rows.order_by().values_list("month", "currency", "kind").annotate(Sum("annual_change"), Count("pk"))
    return {(month, currency, kind): (annual, number) for month, currency, kind, annual, number in sums}


def _customers_gained(parts: Iterable[tuple[str, tuple[Decimal, int]]]) -> int:
    """Return the number of starts minus that of losses."""
    signs = {MovementKind.CHURN: -1, **dict.fromkeys(STARTS, 1)}
    return sum(signs.get(MovementKind(kind), 0) * number for kind, (_, number) in parts)


def _states(begins: Iterable[datetime], now: datetime) -> States:
    """Return the recurring revenue of a year of each customer and currency, before the beginning of each month and now."""
    sums = [Sum("annual_change", filter=Q(happened_at__lt=at), default=ZERO) for at in begins]
    named = {f"at{number}": total for number, total in enumerate([*sums, Sum("annual_change", default=ZERO)])}
    rows = BillingMovement.objects.filter(happened_at__lte=now).order_by().values_list("user", "currency").annotate(**named)
    return {(user, currency): amounts for user, currency, *amounts in rows.iterator()}
