"""A simulation, day by day: the customer acts in the morning, time passes at the stand-in, and in the evening we look.

Everything happens in one transaction that is rolled back, whatever comes between, and against a stand-in of its own: nothing is
kept, no mail leaves, and Stripe itself is never spoken to. Until then it holds the rows of the plans, whose prices it exchanges
for the stand-in's; of customers it touches its own alone.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from billing import services
from billing.models import BillingHistory, FeatureAccess, StripeCustomer, SubscriptionPlan
from billing.services.customer_notices import format_amount
from billing.services.plan_access import access_of
from core import rls
from core.errors import DomainError
from dev.billing_simulation.customer import SimulatedCustomer, monthly_plans, new_customer
from dev.billing_simulation.events import EventProcessor
from dev.billing_simulation.scenarios import RETRY_DAYS, SCENARIOS, CustomerAction
from dev.billing_simulation.tables import DayRow, DayState, ReportedNotice
from dev.stripe import launcher as stripe_emulator
from system.models import AlertType, SystemAlert

FIRST_DAY = date(2026, 3, 2)  # always the same, so that two runs can be compared
MIN_DATE, MAX_DATE = date(2020, 1, 1), date(2090, 1, 1)  # what clocks and cards of the stand-in are good for
MAX_DURATION = timedelta(days=800)
MORNING, EVENING = time(9, tzinfo=UTC), time(18, tzinfo=UTC)
QUEUED = "core.mail.QueuedBackend"  # a mail is a job of the transaction, and goes with it


@dataclass(frozen=True)
class SimulationRequest:
    """A simulation to simulate; `until` None is the scenario's own end, `plan` "" the middle one of those offered."""

    scenario: str = "recovers"
    begins: date = FIRST_DAY
    until: date | None = None
    plan: str = ""
    card: str = "visa"


def simulate(asked: SimulationRequest, *, progress: Callable[[Sequence[date]], Iterable[date]] | None = None) -> list[DayRow]:
    """Live through what is asked; gives a row for each day on which something changed, and keeps nothing.

    `progress` wraps the days, such as for a progress bar. Raises DomainError for dates that make no sense and
    for a plan that nobody offers.
    """
    acts, own_end = SCENARIOS[asked.scenario].plan(asked.begins, settings.BILLING_TRIAL_DAYS)
    until = asked.until or own_end
    _require_sane(asked.begins, until)
    days = [asked.begins + timedelta(days=number) for number in range((until - asked.begins).days + 1)]
    with stripe_emulator.private_emulator(now=datetime.combine(asked.begins, MORNING)) as stripe, _rolled_back():
        stripe.set(retry_days=list(RETRY_DAYS))
        plan = _plan_named(asked.plan)
        for step in list(services.catalog_sync_steps()):
            step.apply()
        plan.refresh_from_db()
        events = EventProcessor(datetime.combine(asked.begins, MORNING))
        simulation = Simulation(new_customer(plan, asked.card, stripe), acts, events)
        return [row for day in (progress(days) if progress else days) if (row := simulation.simulate_day(day))]


def _require_sane(begins: date, until: date) -> None:
    if not MIN_DATE <= begins <= MAX_DATE:
        raise DomainError("out_of_range", f"The first day must lie between {MIN_DATE} and {MAX_DATE}, and {begins} does not.")
    if until < begins:
        raise DomainError("ends_before_start", f"The last day, {until}, is before the first, {begins}. Choose a later --until.")
    if until - begins > MAX_DURATION:
        raise DomainError("too_long", f"At most {MAX_DURATION.days} days can be simulated. Choose an earlier --until.")


def _plan_named(name: str) -> SubscriptionPlan:
    plans = list(monthly_plans())
    if not plans:
        raise DomainError("no_plans", "No monthly plan is offered. The back office has them under Plans.")
    found = [plan for plan in plans if plan.name.lower() == name.lower()] if name else [plans[len(plans) // 2]]
    if not found:
        names = ", ".join(plan.name for plan in plans)
        raise DomainError("unknown_plan", f"No monthly plan is called {name}. There are: {names}.")
    return found[0]


@contextmanager
def _rolled_back() -> Iterator[None]:
    with stripe_emulator.temporary_settings(EMAIL_BACKEND=QUEUED), rls.as_staff(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@dataclass
class Simulation:
    """One customer's, with what was seen of it so far."""

    customer: SimulatedCustomer
    acts: Mapping[date, Sequence[CustomerAction]]
    events: EventProcessor
    seen: DayState = field(default_factory=DayState)
    invoices: dict[Any, str] = field(default_factory=dict)
    told: set[Any] = field(default_factory=set)

    def simulate_day(self, day: date) -> DayRow | None:
        """Live through a day; gives its row if it changed anything."""
        morning, evening = datetime.combine(day, MORNING), datetime.combine(day, EVENING)
        happened = self._pass_time(morning)
        services.send_billing_reminders(now=morning, user=self.customer.user)
        for act in self.acts.get(day, ()):
            happened += [self._done(act, morning), *self.events.process_new_events(morning)]
        happened += self._pass_time(evening)
        before, self.seen = self.seen, self._day_state(evening)
        row = DayRow(day, tuple(happened), self.seen, tuple(self._new_invoices()), tuple(self._new_notices()))
        return row if row.happened or row.invoices or row.notices or before != self.seen else None

    def _done(self, act: CustomerAction, now: datetime) -> str:
        """What the customer did, or the sentence that he was refused with."""
        try:
            return act(self.customer, now)
        except DomainError as error:
            return f"He is refused: {error.message}"

    def _pass_time(self, now: datetime) -> list[str]:
        """Let it become `now` at the stand-in, hear of what happened there, and do what the jobs of every hour do."""
        self.customer.stripe.advance(now)
        heard = self.events.process_new_events(now)
        # of him alone: the jobs of real time look after everybody else
        services.update_expired_access(now=now, user=self.customer.user)
        services.process_period_ends(now=now, user=self.customer.user)
        return heard

    def _day_state(self, now: datetime) -> DayState:
        """The subscription's state, and what can be used of it: the rows that a request is judged by, and the reason."""
        mine = FeatureAccess.objects.for_user(self.customer.user)
        usable = sum(row.is_open_at(now) for row in mine)
        subscription = self.customer.newest
        if subscription is None:
            return DayState()
        [(_, access)] = access_of([subscription], now=now)
        is_ending = subscription.is_running and subscription.cancel_at_period_end
        status = f"{subscription.status}, to end" if is_ending else subscription.status
        verdict = f"{'open' if access.is_open else 'closed'}, {usable} features: {access.why}"
        return DayState(status, subscription.plan.name, verdict)

    def _new_invoices(self) -> Iterator[str]:
        """Invoices that are new or have changed, and the credit if that has."""
        user = self.customer.user
        for row in BillingHistory.objects.for_user(user).order_by("billing_date", "id"):
            credit = f" ({row.paid_from_credit} of it from credit)" if row.paid_from_credit else ""
            text = f"{format_amount(row.amount, row.currency)} {row.status}{credit}: {row.description}"
            if self.invoices.get(row.pk) != text:
                self.invoices[row.pk] = text
                yield text
        for paid in StripeCustomer.objects.for_user(user):
            text = f"credit: {format_amount(paid.credit, paid.currency)}"
            if self.invoices.get(paid.pk, "credit: 0.00 USD") != text:
                yield text
            self.invoices[paid.pk] = text

    def _new_notices(self) -> Iterator[ReportedNotice]:
        pages = re.compile(re.escape(self.customer.stripe.url) + r"/\S+[^\s.]")
        for alert in (
            SystemAlert.objects.for_user(self.customer.user)
            .filter(alert_type=AlertType.BILLING)
            .exclude(pk__in=self.told)
            .order_by("pk")
        ):
            self.told.add(alert.pk)
            yield ReportedNotice(alert.title, pages.sub("(the invoice's page)", alert.message))
