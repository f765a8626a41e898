"""Subscriptions in the back office, each with its access and its timeline."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from billing import services
from billing.admin.metrics import MetricsAdminMixin
from billing.admin.plan_access import PlanAccessAdminMixin
from billing.admin.timeline import timeline_of
from billing.models import Subscription
from billing.models.subscriptions import SubscriptionStatus
from billing.services.plan_access import access_of
from core import clock
from core.admin import (
    BY_CUSTOMER,
    AutocompleteSelectFilter,
    BaseAdmin,
    HiddenActionsMixin,
    OwnedAdmin,
    ReadOnlyInline,
    column,
    confirmed_action,
    display,
    for_selected_rows,
    inline_on,
    linked,
    money,
)
from core.admin.masking import unmasked
from users.models import User

STATUS_COLORS = {
    "active": "success",
    "trialing": "info",
    "past_due": "warning",
    "unpaid": "danger",
    "paused": "warning",
    "incomplete": "warning",
    "incomplete_expired": "default",
    "canceled": "default",
}
STRIPE_MANAGED_FIELDS = ("stripe_subscription_id", "stripe_customer_id")
PAYMENT_FIELDS = ("pending_plan", "pending_until", "payment_url")  # of a change that waits for its payment at Stripe
CHARGE_FIELDS = (  # written by the sync only; a granted subscription is free
    "currency",
    "unit_price",
    "quantity",
    "interval",
    "interval_count",
    "discount",
    "recurring_amount",
    "tax",
    "next_charge_at",
    "next_charge_amount",
    "is_collection_paused",
    "ended_at",
)


class SubscriptionColumns:
    """Columns of the list and of the inline on the customer's page."""

    plan_name = column("plan", "plan", show=str)
    state = column("status", "status", STATUS_COLORS)

    ends = column("cancel_at", "ends")

    @display(description="next charge")
    def next_charge(self, subscription: Subscription) -> str:
        if subscription.next_charge_at is None or subscription.next_charge_amount is None:
            return "-"
        amount = money(subscription.next_charge_amount, subscription.currency)
        return format_html("{} on {}", amount, f"{subscription.next_charge_at:%Y-%m-%d}")

    @display(description="managed by")
    def managed_by(self, subscription: Subscription) -> str:
        return "staff" if subscription.is_local else "Stripe"


@inline_on(User)
class SubscriptionInline(SubscriptionColumns, ReadOnlyInline):
    model = Subscription
    place = 4
    fields = ("since", "plan_name", "state", "current_period_end", "ends", "next_charge", "managed_by")
    since = linked("created_at", "since")
    ordering = ("-created_at", "-id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("plan")


@admin.register(Subscription)
class SubscriptionAdmin(HiddenActionsMixin, SubscriptionColumns, MetricsAdminMixin, PlanAccessAdminMixin, OwnedAdmin):
    """Subscriptions. One that staff add is a gift and renews without a payment. One that Stripe manages is read-only."""

    list_display = (
        "plan_name",
        "owner",
        "state",
        "current_period_start",
        "current_period_end",
        "ends",
        "next_charge",
        "managed_by",
    )
    list_filter = (BY_CUSTOMER, ("plan", AutocompleteSelectFilter), ("status", ChoicesDropdownFilter))
    list_select_related = ("user", "plan")
    search_fields = ("plan__name", *STRIPE_MANAGED_FIELDS)
    ordering_for_customer = ("-created_at", "-id")
    readonly_fields = (*STRIPE_MANAGED_FIELDS, *PAYMENT_FIELDS, *CHARGE_FIELDS)
    csv_columns = (
        "id",
        "user__email",
        "plan__name",
        "plan__billing_cycle",
        "unit_price",
        "quantity",
        "discount",
        "recurring_amount",
        "tax",
        "currency",
        "interval",
        "next_charge_at",
        "next_charge_amount",
        "status",
        "current_period_start",
        "current_period_end",
        "cancel_at_period_end",
        "cancel_at",
        "canceled_at",
        "ended_at",
        "trial_end",
        *STRIPE_MANAGED_FIELDS,
    )
    actions_detail = ("cancel_later", "cancel_at_once", "reactivate", "resume")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False if Stripe manages the subscription, because the next sync would overwrite the change."""
        return super().has_change_permission(request, obj) and (obj is None or obj.is_local)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.is_local)

    def hidden_actions(self, request: HttpRequest, row: Any) -> set[str]:
        if not row.is_running:
            return set(self.actions_detail)
        hidden = {"cancel_later"} if row.ends_at is not None else {"reactivate"}
        return hidden if row.status == SubscriptionStatus.PAUSED else {*hidden, "resume"}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), *(["access", "timeline"] if obj else [])]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the fields: access first, because customers ask about it, and the timeline last."""
        hidden = {"access", "timeline", *(() if obj and not obj.is_local else CHARGE_FIELDS)}
        names = [name for name in super().get_fields(request, obj) if name not in hidden]
        return ["access", *names, "timeline"] if obj else names

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form. `shown_to` lets `timeline` check the permissions of the request's user."""
        if obj is not None:
            obj.shown_to = request
        return super().get_form(request, obj, change, **kwargs)

    @display(description="plan access")
    def access(self, subscription: Subscription) -> str:
        [(_, access)] = access_of([subscription], now=clock.now())
        return f"{'Yes' if access.is_open else 'No'}. {access.why}"

    @display(description="timeline")
    def timeline(self, subscription: Subscription) -> str:
        request: Any = vars(unmasked(subscription))["shown_to"]
        return timeline_of(subscription, request)

    def save_model(self, request: HttpRequest, obj: Subscription, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        services.sync_feature_access(user=obj.user, now=clock.now())

    def delete_model(self, request: HttpRequest, obj: Subscription) -> None:
        services.delete_subscription(obj, now=clock.now())

    @confirmed_action(title="Cancel at period end", description="Access continues until the period ends.", icon="event_busy")
    def cancel_later(self, request: HttpRequest, subscription: Subscription) -> None:
        services.cancel_at_period_end(subscription, now=clock.now())

    @confirmed_action(title="Cancel now", description="The subscription and its access end immediately.", icon="cancel")
    def cancel_at_once(self, request: HttpRequest, subscription: Subscription) -> None:
        services.cancel_now(subscription, now=clock.now())

    @confirmed_action(title="Reactivate", description="The cancellation is undone.", icon="restart_alt")
    def reactivate(self, request: HttpRequest, subscription: Subscription) -> None:
        services.reactivate(subscription, now=clock.now())

    @confirmed_action(
        title="Resume",
        description="A new period begins and is charged. It stays paused until the payment succeeds.",
        icon="play_arrow",
    )
    def resume(self, request: HttpRequest, subscription: Subscription) -> None:
        services.resume(subscription, now=clock.now())

    actions = (
        *BaseAdmin.actions,
        for_selected_rows(cancel_later),
        for_selected_rows(cancel_at_once),
        for_selected_rows(reactivate),
    )
