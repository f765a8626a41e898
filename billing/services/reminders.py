"""Reminders before a card expires, a trial ends or a year renews. Each is sent once, by its key."""

from datetime import UTC, datetime, timedelta

from dateutil.relativedelta import relativedelta
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from billing.models import StripeCustomer, Subscription
from billing.models.dunning import DunningKind
from billing.models.subscription_charges import BillingInterval
from billing.models.subscriptions import GOES_ON, IS_LOCAL, IS_RUNNING, SubscriptionStatus
from billing.services.customer_notices import CustomerNotice, format_amount, format_day, next_charge_text, tell_once
from system.models import Severity
from users.models import User

CARD_DAYS = (7, 30)  # nearest first: a customer who joins late receives only the nearest reminder
TRIAL_DAYS = 3
RENEWAL_DAYS = 7  # for yearly plans, whose customers may not expect the charge


def send_billing_reminders(*, now: datetime, user: User | None = None) -> int:
    """Send the reminders that are due, and return their number.

    Customers are reminded 30 and 7 days before a card expires, 3 days before a trial ends, and 7 days before a yearly renewal.

    With `user`, only that user is reminded.
    """
    owner = Q(user=user) if user else Q()
    return _warn_of_cards(owner, now) + _warn_of_trials(owner, now) + _announce_renewals(owner, now)


def _warn_of_cards(owner: Q, now: datetime) -> int:
    """Remind the customers who have a renewal to pay."""
    renewing = Subscription.objects.filter(IS_RUNNING & ~IS_LOCAL & GOES_ON, user=OuterRef("user"))
    # a card is valid until its month ends, so cards that expire within 30 days expire in this month or the next
    months = [now.astimezone(UTC) + relativedelta(months=ahead) for ahead in (0, 1)]
    expiring = Q()
    for month in months:
        expiring |= Q(card_exp_year=month.year, card_exp_month=month.month)
    rows = (
        StripeCustomer.objects.filter(owner, expiring, Exists(renewing)).exclude(card_last4="").select_related("user__profile")
    )
    return sum(_warn_of_card(row, now) for row in rows.iterator())


def _warn_of_card(row: StripeCustomer, now: datetime) -> bool:
    year, month = row.card_exp_year or now.year, row.card_exp_month or now.month
    over = datetime(year, month, 1, tzinfo=UTC) + relativedelta(months=1)
    near = [days for days in CARD_DAYS if now >= over - timedelta(days=days)]
    if not near:
        return False
    last_day = over - timedelta(days=1)
    day = f"{last_day:%A}, {last_day.day} {last_day:%B %Y}"
    message = (
        f"Your card {row.card} expires at the end of {day}. Later renewals would fail.\n"
        f"{_charge_of_card(row.user)}Add another card in the billing portal before then."
    )
    severity = Severity.HIGH if near[0] == min(CARD_DAYS) else Severity.MEDIUM
    notice = CustomerNotice("Your card expires soon", message, severity, action_required=True, expires_at=over)
    return _warn(row.user, f"card:{row.card_last4}:{year}-{month:02}:{near[0]}", notice, now)


def _charge_of_card(user: User) -> str:
    """Return a sentence about the next charge of a customer's card. A paused subscription, for example, has none."""
    row = Subscription.objects.for_user(user).filter(IS_RUNNING, next_charge_at__isnull=False).first()
    if row is None:
        return "Nothing is charged at present. "
    return (
        f"The next charge is {format_amount(row.next_charge_amount, row.currency)} on {format_day(user, row.next_charge_at)}. "
    )


def _warn_of_trials(owner: Q, now: datetime) -> int:
    ends = {"trial_end__gt": now, "trial_end__lte": now + timedelta(days=TRIAL_DAYS)}
    rows = Subscription.objects.filter(owner, status=SubscriptionStatus.TRIALING, **ends).select_related(
        "user__profile", "plan"
    )
    return sum(_warn(row.user, f"trial:{row.pk}:{row.trial_end:%Y-%m-%d}", _trial_notice(row), now) for row in rows.iterator())


def _trial_notice(row: Subscription) -> CustomerNotice:
    end = row.trial_end
    if end is None:
        raise ValueError("A trial without an end has no reminder.")
    end_sentence = f"Your trial of {row.plan.name} ends on {format_day(row.user, end)}."
    if row.is_ending or row.is_local:
        remedy = "subscribe to a plan" if row.is_local else "undo the cancellation before then"
        then = f"Nothing is charged, and access to the plan ends. To keep your access, {remedy}."
    else:
        then = next_charge_text(row)
    return CustomerNotice("Your trial ends soon", f"{end_sentence}\n{then}", Severity.MEDIUM, expires_at=end)


def _announce_renewals(owner: Q, now: datetime) -> int:
    """Announce the next charge of yearly subscriptions, with its day and its amount."""
    rows = Subscription.objects.filter(
        owner,
        status=SubscriptionStatus.ACTIVE,
        interval=BillingInterval.YEAR,
        next_charge_at__gt=now,
        next_charge_at__gte=F("current_period_end"),  # the first charge, at the end of a trial, is within the period
        next_charge_at__lte=now + timedelta(days=RENEWAL_DAYS),
    ).select_related("user__profile", "plan")
    return sum(
        _warn(row.user, f"renewal:{row.pk}:{row.next_charge_at:%Y-%m-%d}", _renewal_notice(row), now) for row in rows.iterator()
    )


def _renewal_notice(row: Subscription) -> CustomerNotice:
    message = f"{row.plan.name} renews for another year.\n{next_charge_text(row)}"
    return CustomerNotice("Your subscription renews soon", message, Severity.MEDIUM, expires_at=row.next_charge_at)


@transaction.atomic
def _warn(user: User, key: str, notice: CustomerNotice, now: datetime) -> bool:
    return tell_once(user, key, notice, kind=DunningKind.WARNING, now=now)
