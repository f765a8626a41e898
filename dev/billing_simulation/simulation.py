"""A simulation day by day: the customer acts in the morning, and the results are read in the evening.

All changes are in one transaction that is always rolled back, so no row is stored and no email is sent. The simulation starts
its own Stripe emulator and never contacts Stripe. It locks the rows of the plans until its end, because it replaces their
Stripe prices by the emulator's. It changes no rows of other customers.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from billing import catalog, services
from billing.models import Adjustment, BillingHistory, FeatureAccess, StripeCustomer, SubscriptionPlan
from billing.models.adjustments import AdjustmentKind
from billing.models.plans import BillingCycle
from billing.services.customer_notices import format_amount
from billing.services.plan_access import access_of
from core import rls
from core.errors import DomainError
from dev.billing_simulation.customer import SimulatedCustomer, new_customer, plans_of
from dev.billing_simulation.events import EventProcessor
from dev.billing_simulation.jobs import run_enqueued
from dev.billing_simulation.scenarios import RETRY_DAYS, SCENARIOS, CustomerAction
from dev.billing_simulation.tables import DayRow, DayState, ReportedNotice
from dev.stripe import launcher as stripe_emulator
from system.models import AlertType, SystemAlert

FIRST_DAY = date(2026, 3, 2)  # fixed, so that two runs can be compared
MIN_DATE, MAX_DATE = date(2020, 1, 1), date(2090, 1, 1)  # the range of the emulator's clocks and cards
MAX_DURATION = timedelta(days=800)
MORNING, EVENING = time(9, tzinfo=UTC), time(18, tzinfo=UTC)
QUEUED = "core.mail.QueuedBackend"  # an email is a job in the transaction and is rolled back with it


@dataclass(frozen=True)
class SimulationRequest:
    """The options of a simulation. `until` defaults to the scenario's end, `plan` to the middle one of the monthly plans."""

    scenario: str = "recovers"
    begins: date = FIRST_DAY
    until: date | None = None
    plan: str = ""
    card: str = "visa"


def simulate(request: SimulationRequest, *, progress: Callable[[Sequence[date]], Iterable[date]] | None = None) -> list[DayRow]:
    """Run a simulation. Return a row for each day on which something changed.

    `progress` wraps the days, for example in a progress bar. Raise DomainError for invalid dates or an unknown plan.
    """
    actions, own_end = SCENARIOS[request.scenario].plan(request.begins, settings.BILLING_TRIAL_DAYS)
    until = request.until or own_end
    _validate_dates(request.begins, until)
    days = [request.begins + timedelta(days=number) for number in range((until - request.begins).days + 1)]
    with stripe_emulator.private_emulator(now=datetime.combine(request.begins, MORNING)) as stripe, _rolled_back():
        stripe.set(retry_days=list(RETRY_DAYS))
        plan = _plan_named(request.plan, SCENARIOS[request.scenario].cycle)
        for step in list(services.catalog_sync_steps()):
            step.apply()
        plan.refresh_from_db()
        events = EventProcessor(datetime.combine(request.begins, MORNING))
        simulation = Simulation(new_customer(plan, request.card, stripe), actions, events)
        return [row for day in (progress(days) if progress else days) if (row := simulation.simulate_day(day))]


def _validate_dates(begins: date, until: date) -> None:
    if not MIN_DATE <= begins <= MAX_DATE:
        raise DomainError("out_of_range", f"The first day must be between {MIN_DATE} and {MAX_DATE}, not {begins}.")
    if until < begins:
        raise DomainError("ends_before_start", f"The last day, {until}, is before the first, {begins}. Choose a later --until.")
    if until - begins > MAX_DURATION:
        raise DomainError("too_long", f"At most {MAX_DURATION.days} days can be simulated. Choose an earlier --until.")


def _plan_named(name: str, cycle: BillingCycle) -> SubscriptionPlan:
    plans = list(plans_of(cycle))
    if not plans:
        raise DomainError("no_plans", f"No {cycle} plan is offered. Add one in the back office under Plans.")
    found = [plan for plan in plans if plan.name.lower() == name.lower()] if name else [plans[len(plans) // 2]]
    if not found:
        names = ", ".join(plan.name for plan in plans)
        raise DomainError("unknown_plan", f"No {cycle} plan is called {name}. Choose one of: {names}.")
    return found[0]


@contextmanager
def _rolled_back() -> Iterator[None]:
    with stripe_emulator.temporary_settings(EMAIL_BACKEND=QUEUED), rls.as_staff(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@dataclass
class Simulation:
    """A running simulation, with the last state and the invoices and notices that it has reported."""

    customer: SimulatedCustomer
    actions: Mapping[date, Sequence[CustomerAction]]
    events: EventProcessor
    state: DayState = field(default_factory=DayState)
    invoices: dict[Any, str] = field(default_factory=dict)
    reported: set[Any] = field(default_factory=set)
    last_job: int = 0

    def simulate_day(self, day: date) -> DayRow | None:
        """Simulate a day. Return its row if something changed."""
        morning, evening = datetime.combine(day, MORNING), datetime.combine(day, EVENING)
        sentences = self._pass_time(morning)
        sentences += self._run_daily_jobs(morning)
        for action in self.actions.get(day, ()):
            sentences += [self._perform(action, morning), *self._process_events(morning)]
        sentences += self._pass_time(evening)
        before, self.state = self.state, self._day_state(evening)
        row = DayRow(day, tuple(sentences), self.state, tuple(self._new_invoices()), tuple(self._new_notices()))
        return row if row.happened or row.invoices or row.notices or before != self.state else None

    def _run_daily_jobs(self, now: datetime) -> list[str]:
        """Send the notices of the day, and end the pauses. Return sentences about the events."""
        user = self.customer.user
        services.send_billing_reminders(now=now, user=user)
        services.send_win_back_notices(now=now, user=user)
        for key in services.ending_pauses(now=now, user=user):
            services.end_pause(key, now=now)
        return self._process_events(now)

    def _perform(self, action: CustomerAction, now: datetime) -> str:
        """Return the sentence of an action, or the reason for its refusal."""
        try:
            return action(self.customer, now)
        except DomainError as error:
            return f"Refused: {error.message}"

    def _pass_time(self, now: datetime) -> list[str]:
        """Advance the emulator to `now`, handle its events and run the hourly jobs. Return sentences about the events."""
        self.customer.stripe.advance(now)
        sentences = self._process_events(now)
        # for this customer only: the scheduled jobs handle all others
        services.update_expired_access(now=now, user=self.customer.user)
        services.process_period_ends(now=now, user=self.customer.user)
        return sentences

    def _process_events(self, now: datetime) -> list[str]:
        """Handle the new events and the jobs that they enqueue for this customer. Return sentences about the events."""
        sentences = self.events.process_new_events(now)
        for customer in StripeCustomer.objects.for_user(self.customer.user).exclude(stripe_id=""):
            before = self.last_job
            self.last_job = run_enqueued(before, stripe_customer_id=customer.stripe_id)
            if self.last_job != before:  # such as the cancellation of a second subscription
                sentences += self.events.process_new_events(now)
        return sentences

    def _day_state(self, now: datetime) -> DayState:
        """Return the subscription's status and plan, and the access to features with its reason."""
        mine = FeatureAccess.objects.for_user(self.customer.user)
        subscription = self.customer.newest
        if subscription is None:
            return DayState()
        [(_, access)] = access_of([subscription], now=now)
        free = () if access.is_open else catalog.FREE_FEATURES  # they are open without the subscription
        usable = sum(row.is_open_at(now) for row in mine.exclude(feature_name__in=free))
        is_ending = subscription.is_running and subscription.ends_at is not None
        notes = ["ending"] if is_ending else []
        notes += ["change waits"] if subscription.pending_plan else []
        status = ", ".join([subscription.status, *notes])
        access_text = f"{'open' if access.is_open else 'closed'}, {usable} features: {access.why}"
        return DayState(status, subscription.plan.name, access_text)

    def _new_invoices(self) -> Iterator[str]:
        """Yield invoices, refunds and disputes that are new or have changed, and the credit if it has changed."""
        user = self.customer.user
        for row in BillingHistory.objects.for_user(user).order_by("billing_date", "id"):
            credit = f" ({row.paid_from_credit} of it from credit)" if row.paid_from_credit else ""
            status = "processing" if row.is_processing else row.status
            text = f"{format_amount(row.amount, row.currency)} {status}{credit}: {row.description}"
            if self.invoices.get(row.pk) != text:
                self.invoices[row.pk] = text
                yield text
        for adjustment in Adjustment.objects.for_user(user).exclude(kind=AdjustmentKind.CREDIT).order_by("happened_at", "id"):
            amount = format_amount(adjustment.amount, adjustment.currency)
            rule = f" by rule ({adjustment.rule})" if adjustment.rule else ""
            text = f"{adjustment.kind}: {amount} {adjustment.status}{rule}".replace("_", " ")
            if self.invoices.get(adjustment.pk) != text:
                self.invoices[adjustment.pk] = text
                yield text
        for stripe_customer in StripeCustomer.objects.for_user(user):
            text = f"credit: {format_amount(stripe_customer.credit, stripe_customer.currency)}"
            if self.invoices.get(stripe_customer.pk, "credit: 0.00 USD") != text:
                yield text
            self.invoices[stripe_customer.pk] = text

    def _new_notices(self) -> Iterator[ReportedNotice]:
        pages = re.compile(re.escape(self.customer.stripe.url) + r"/\S+[^\s.]")
        checkout = re.compile(re.escape(settings.CHECKOUT_URL.format(plan="")) + r"\S+")
        for alert in (
            SystemAlert.objects.for_user(self.customer.user)
            .filter(alert_type=AlertType.BILLING)
            .exclude(pk__in=self.reported)
            .order_by("pk")
        ):
            self.reported.add(alert.pk)
            message = checkout.sub("(the checkout)", pages.sub("(the invoice's page)", alert.message))
            yield ReportedNotice(alert.title, message)
