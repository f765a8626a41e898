"""All that happened around a subscription, in one line of time."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from billing.models import Adjustment, BillingHistory, DunningStep, StripeEvent, Subscription
from mingus.kit.admin import masking, money

NEWEST = 30  # of each kind
EVENTS = "billing.view_stripeevent"


class Moment(NamedTuple):
    """One thing that happened. `row` is what the moment links to."""

    at: datetime
    icon: str
    title: str
    about: str
    row: Any

    @property
    def address(self) -> str:
        options = self.row._meta.concrete_model._meta
        return reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[self.row.pk])


def timeline_of(subscription: Subscription, request: HttpRequest) -> SafeString:
    """The timeline as the request's colleague may read it, the newest first."""
    moments = sorted(_moments(subscription, request), key=lambda moment: moment.at, reverse=True)
    history = reverse("admin:billing_subscription_history", args=[subscription.pk])
    return render_to_string("mingus/admin/timeline.html", {"moments": moments[:NEWEST], "history": history})


def _moments(subscription: Subscription, request: HttpRequest) -> Iterator[Moment]:
    user, shown = subscription.user_id, masking(request).rows
    invoices = BillingHistory.objects.filter(user=user, subscription=subscription.pk).order_by("-billing_date", "-id")
    yield from _invoices(shown(invoices[:NEWEST]))
    for change in shown(Adjustment.objects.filter(user=user).order_by("-happened_at", "-id")[:NEWEST]):
        amount = money(change.amount, change.currency)
        yield Moment(
            change.happened_at, "currency_exchange", f"{change.kind} {change.status}".replace("_", " "), amount, change
        )
    for step in shown(DunningStep.objects.filter(user=user).order_by("-happened_at", "-id")[:NEWEST]):
        yield Moment(step.happened_at, "mail", step.get_kind_display(), step.note, step)
    if request.user.has_perm(EVENTS):
        yield from _events(subscription)


def _invoices(rows: Iterable[Any]) -> Iterator[Moment]:
    for row in rows:
        yield Moment(row.billing_date, "request_quote", f"invoice {row.status}", money(row.amount, row.currency), row)


def _events(subscription: Subscription) -> Iterator[Moment]:
    """What Stripe told us about the customer."""
    customer = vars(subscription)["stripe_customer_id"]
    if customer:
        for event in StripeEvent.objects.filter(stripe_customer_id=customer).order_by("-happened_at")[:NEWEST]:
            yield Moment(event.happened_at, "webhook", event.type, event.state, event)
