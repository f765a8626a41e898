"""Stripe customers and events in the back office."""

import json
from typing import Any

from django.contrib import admin
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, FieldTextFilter

from billing.models import StripeCustomer, StripeEvent
from billing.stripe.events import describe_event, replay_event
from core import clock
from core.admin import (
    BaseAdmin,
    DaysFilter,
    OwnedReadOnlyAdmin,
    ReadOnlyAdmin,
    ReadOnlyInline,
    amount_column,
    column,
    confirmed_action,
    display,
    for_selected_rows,
    inline_on,
    linked,
)
from core.admin.access_log import record
from core.admin.unfold_compat import pretty_json
from users.models import User

VIEW_PERMISSION = "billing.see_stripeevent"
EVENT_COLORS = {"waiting": "info", "handled": "success", "ignored": "default", "failed": "danger", "abandoned": "danger"}
PUBLIC_FIELDS = (
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
RESTRICTED_FIELDS = ("explanation", "outcome", "error", "content")


class StripeCustomerColumns:
    """Columns of the list and of the inline on the customer's page."""

    payment_card = column("card", "card", empty="-")
    credit_amount = amount_column("credit", "credit")


@inline_on(User)
class StripeCustomerInline(StripeCustomerColumns, ReadOnlyInline):
    model = StripeCustomer
    verbose_name_plural = "Stripe customers"
    fields = ("since", "stripe_id", "payment_card", "card_exp_month", "card_exp_year", "credit_amount", "synced_at")
    since = linked("created_at", "since")
    ordering = ("-id",)


class ProblemsFilter(DropdownFilter):
    """Customers of whom the last sync left something out."""

    title = "problems"
    parameter_name = "left_out"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "with problems")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.with_problems() if self.value() else queryset


@admin.register(StripeCustomer)
class StripeCustomerAdmin(StripeCustomerColumns, OwnedReadOnlyAdmin):
    """Stripe customers, with their card, their credit and what the last sync left out."""

    list_display = (
        "owner",
        "stripe_id",
        "payment_card",
        "card_exp_month",
        "card_exp_year",
        "credit_amount",
        "synced_at",
        "has_problems",
    )
    list_filter = (ProblemsFilter,)
    search_fields = ("stripe_id",)

    @display(description="problems", boolean=True)
    def has_problems(self, customer: StripeCustomer) -> bool:
        return bool(customer.problems)


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnlyAdmin):
    """The inbox. The content of an event is personal data: it requires a permission, and the access log records each view."""

    list_display = ("happened_at", "type", "state_label", "deliveries", "attempts", "handled_at", "stripe_id")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("type", FieldTextFilter),
        ("happened_at", DaysFilter),
        ("stripe_customer_id", FieldTextFilter),
    )
    search_fields = ("stripe_id", "stripe_customer_id", "object_id")
    search_help_text = "The complete Stripe ID of an event, customer or other object"
    ordering = ("-happened_at", "-id")
    sortable_by = ("happened_at",)
    csv_columns = tuple(name for name in PUBLIC_FIELDS if name != "id")

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """Return exact lookups, for which there are indexes."""
        return [f"{name}__exact" for name in self.search_fields]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [*PUBLIC_FIELDS, *(RESTRICTED_FIELDS if request.user.has_perm(VIEW_PERMISSION) else ())]

    state_label = column("state", "state", EVENT_COLORS)
    actions_detail = ("replay",)

    @display(description="result")
    def explanation(self, event: StripeEvent) -> str:
        return str(describe_event(event))

    @confirmed_action(title="Replay", description="Process the event again? Only rows that differ change.", icon="replay")
    def replay(self, request: HttpRequest, event: StripeEvent) -> None:
        replay_event(event=event, now=clock.now())

    actions = (*BaseAdmin.actions, for_selected_rows(replay))

    @display(description="content")
    def content(self, event: StripeEvent) -> str:
        return pretty_json(json.loads(event.body), DjangoJSONEncoder) if event.body else "deleted or not stored"

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        """Render the page, and record that the data of the event's customer was viewed."""
        if obj is not None and obj.stripe_customer_id:
            found = StripeCustomer.objects.filter(stripe_id=obj.stripe_customer_id).select_related("user")
            record(request, "view", StripeEvent, {row.user for row in found}, row_id=obj.pk)
        return super().render_change_form(request, context, add, change, form_url, obj)
