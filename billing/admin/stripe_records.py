"""Stripe's customers and events in the back office."""

import json
from typing import Any

from django.contrib import admin
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from unfold.contrib.filters.admin import ChoicesDropdownFilter, FieldTextFilter, RangeDateFilter

from billing.models import StripeCustomer, StripeEvent
from billing.stripe.events import describe_event, replay_event
from core import clock
from core.admin import (
    BaseAdmin,
    OwnedReadOnlyAdmin,
    ReadOnlyAdmin,
    ReadOnlyInline,
    confirmed_action,
    display,
    for_selected_rows,
    inline_on,
    linked,
    money,
)
from core.admin.access_log import record
from core.admin.unfold_compat import pretty_json
from users.models import User

VIEW_PERMISSION = "billing.see_stripeevent"
EVENT_COLORS = {"waiting": "info", "handled": "success", "ignored": "default", "failed": "danger"}
OPEN = (
    "id",
    "stripe_id",
    "type",
    "state",
    "happened_at",
    "created_at",
    "handled_at",
    "deliveries",
    "attempts",
    "api_version",
    "stripe_customer_id",
    "object_id",
)
CLOSED = ("explanation", "outcome", "error", "content")


class StripeCustomerColumns:
    """What both the list and the customer's page show of how he pays."""

    @display(description="card")
    def pays_by(self, row: StripeCustomer) -> str:
        return row.card or "-"

    @display(description="credit")
    def owed(self, row: StripeCustomer) -> str:
        return money(row.credit, row.currency)


@inline_on(User)
class StripeCustomerInline(StripeCustomerColumns, ReadOnlyInline):
    model = StripeCustomer
    verbose_name_plural = "at Stripe"
    fields = ("since", "stripe_id", "pays_by", "card_exp_month", "card_exp_year", "owed", "synced_at")
    since = linked("created_at", "since")
    ordering = ("-id",)


@admin.register(StripeCustomer)
class StripeCustomerAdmin(StripeCustomerColumns, OwnedReadOnlyAdmin):
    """Which customer of Stripe's a customer is, and how he pays."""

    list_display = ("owner", "stripe_id", "pays_by", "card_exp_month", "card_exp_year", "owed", "synced_at")
    search_fields = ("stripe_id",)


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnlyAdmin):
    """The inbox. What is in an event is a customer's own, so it is shown only to whoever may see it, and that is noted."""

    list_display = ("happened_at", "type", "standing", "deliveries", "attempts", "handled_at", "stripe_id")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("type", FieldTextFilter),
        ("happened_at", RangeDateFilter),
        ("stripe_customer_id", FieldTextFilter),
    )
    search_fields = ("stripe_id", "stripe_customer_id", "object_id")
    search_help_text = "Whole id of an event, a customer or an object of Stripe's"
    ordering = ("-happened_at", "-id")
    sortable_by = ("happened_at",)
    csv_columns = tuple(name for name in OPEN if name != "id")

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """Equal, not contains_word inside: there are indexes for that."""
        return [f"{name}__exact" for name in self.search_fields]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [*OPEN, *(CLOSED if request.user.has_perm(VIEW_PERMISSION) else ())]

    @display(description="state", label=EVENT_COLORS)
    def standing(self, event: StripeEvent) -> str:
        return event.state

    actions_detail = ("replay",)

    @display(description="what followed")
    def explanation(self, event: StripeEvent) -> str:
        return str(describe_event(event))

    @confirmed_action(title="Replay", question="Process the event again? Rows that agree with Stripe stay.", icon="replay")
    def replay(self, request: HttpRequest, event: StripeEvent) -> None:
        replay_event(event=event, now=clock.now())

    actions = (*BaseAdmin.actions, for_selected_rows(replay))

    @display(description="content")
    def content(self, event: StripeEvent) -> str:
        """The event as Stripe wrote it, on lines of its own."""
        return pretty_json(json.loads(event.body), DjangoJSONEncoder) if event.body else "forgotten, or never kept"

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        """The page; a look at the customer whom the event is about."""
        if obj is not None and obj.stripe_customer_id:
            found = StripeCustomer.objects.filter(stripe_id=obj.stripe_customer_id).select_related("user")
            record(request, "view", StripeEvent, {row.user for row in found}, row_id=obj.pk)
        return super().render_change_form(request, context, add, change, form_url, obj)
