"""The metric of what could not be synced from Stripe, for staff."""

from datetime import datetime

from django.db.models import Count, Min, Q

from billing.metric_tables import Metric
from billing.models import StripeCustomer, StripeEvent
from billing.models.stripe_events import EventState

EVENTS = {
    "events that wait": EventState.WAITING,
    "events that failed and are retried": EventState.FAILED,
    "events that were abandoned": EventState.ABANDONED,
}


def sync_problems(now: datetime) -> Metric:
    """Return the numbers of unsynced events and customers."""
    figures = {state: Count("pk", filter=Q(state=state)) for state in EVENTS.values()}
    oldest = {f"{state}_since": Min("happened_at", filter=Q(state=state)) for state in EVENTS.values()}
    found = StripeEvent.objects.filter(state__in=EVENTS.values()).aggregate(**figures, **oldest)
    customers = StripeCustomer.objects.with_problems().aggregate(number=Count("pk"), since=Min("synced_at"))
    return Metric(
        "sync-problems",
        "Stripe data that could not be synced",
        "Events that are not processed, and customers of whom the last sync left something out.",
        "Stripe's events and customers. Their pages in the back office name the cause and the remedy.",
        ("what", "number", "oldest"),
        1,
        [
            *((name, found[state], _day(found[f"{state}_since"])) for name, state in EVENTS.items()),
            ("customers with problems", customers["number"], _day(customers["since"])),
        ],
    )


def _day(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d}" if instant else ""
