"""Timeline of a subscription: status changes, invoices, adjustments, dunning steps and Stripe events."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.models import Adjustment, BillingHistory, DunningStep, StripeEvent, Subscription
from billing.models.dunning import DunningKind
from core import clock
from core.admin import masking, money
from core.admin.masking import unmasked

MAX_ENTRIES_OF_EACH_KIND = 30
STEP_ICONS: dict[str, str] = {
    DunningKind.ATTEMPT: "credit_card_off",
    DunningKind.NOTICE: "mail",
    DunningKind.PROCESSING: "hourglass_top",
    DunningKind.WARNING: "mail",
    DunningKind.PAID: "check_circle",
    DunningKind.STOPPED: "block",
}
VIEW_EVENTS_PERMISSION = "billing.view_stripeevent"


class TimelineEntry(NamedTuple):
    """An entry of the timeline. `row` is the row that it links to, None for the subscription itself."""

    at: datetime
    icon: str
    title: str
    about: str
    row: Any = None

    @property
    def url(self) -> str:
        """The URL of the row's page, "" without a row."""
        if self.row is None:
            return ""
        options = self.row._meta.concrete_model._meta
        return reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[self.row.pk])


def timeline_of(subscription: Subscription, request: HttpRequest) -> SafeString:
    """Return the timeline that the request's user may see, newest first, with Stripe's events collapsed below it."""
    own = {
        "entries": _newest(_timeline_entries(subscription, request)),
        "events": _newest(_events(subscription)) if request.user.has_perm(VIEW_EVENTS_PERMISSION) else [],
        "all_events": f"{reverse('admin:billing_stripeevent_changelist')}?q={_customer_of(subscription)}",
        "history": reverse("admin:billing_subscription_history", args=[subscription.pk]),
    }
    return render_to_string("mingus/admin/timeline.html", own)


def _newest(entries: Iterable[TimelineEntry]) -> list[TimelineEntry]:
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def _timeline_entries(subscription: Subscription, request: HttpRequest) -> Iterator[TimelineEntry]:
    user, view = subscription.user_id, masking(request).view
    invoices = BillingHistory.objects.filter(user=user, subscription=subscription.pk).order_by("-billing_date", "-id")
    yield from _invoices(map(view, invoices[:MAX_ENTRIES_OF_EACH_KIND]))
    for change in map(view, Adjustment.objects.filter(user=user).order_by("-happened_at", "-id")[:MAX_ENTRIES_OF_EACH_KIND]):
        amount = money(change.amount, change.currency)
        yield TimelineEntry(
            change.happened_at, "currency_exchange", f"{change.kind} {change.status}".replace("_", " "), amount, change
        )
    for step in map(view, DunningStep.objects.filter(user=user).order_by("-happened_at", "-id")[:MAX_ENTRIES_OF_EACH_KIND]):
        yield TimelineEntry(step.happened_at, STEP_ICONS[step.kind], step.get_kind_display(), step.note, step)
    yield from _status_changes(subscription)  # last, to be below other entries of the same instant


def _status_changes(subscription: Subscription) -> Iterator[TimelineEntry]:
    """Yield the beginning and the end of the subscription and its trial, as far as they have occurred."""
    begins = "trial began" if subscription.trial_start is not None else "began"
    yield TimelineEntry(subscription.began_at, "flag", begins, "")
    if subscription.trial_end is not None and subscription.trial_end <= clock.now():
        yield TimelineEntry(subscription.trial_end, "flag", "trial ended", "")
    if subscription.canceled_at is None:
        return
    later = subscription.ends_at
    if later is not None:
        yield TimelineEntry(subscription.canceled_at, "event_busy", "canceled", f"Ends at {later:%Y-%m-%d %H:%M}.")
    if not subscription.is_running:
        yield TimelineEntry(subscription.ended_at or later or subscription.canceled_at, "event_busy", "ended", "")


def _invoices(rows: Iterable[Any]) -> Iterator[TimelineEntry]:
    for row in rows:
        about = format_html("{}\n{}", money(row.amount, row.currency), row.description)  # the description contains the plan
        yield TimelineEntry(row.billing_date, "request_quote", f"invoice {row.status}", about, row)


def _events(subscription: Subscription) -> Iterator[TimelineEntry]:
    customer = _customer_of(subscription)
    if customer:
        for event in StripeEvent.objects.filter(stripe_customer_id=customer).order_by("-happened_at")[
            :MAX_ENTRIES_OF_EACH_KIND
        ]:
            yield TimelineEntry(event.happened_at, "webhook", event.type, event.state, event)


def _customer_of(subscription: Subscription) -> str:
    """Return the customer's Stripe ID even if it is masked for the user. Callers check the permission to view events."""
    return str(unmasked(subscription).stripe_customer_id)
