"""Plans, subscriptions, feature access and invoices in the back office."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter, RangeDateFilter

from billing import services, tasks
from billing.models import BillingHistory, FeatureAccess, Subscription, SubscriptionPlan
from mingus.kit import clock, jobs
from mingus.kit.admin import (
    BY_CUSTOMER,
    AutocompleteSelectFilter,
    BaseAdmin,
    OwnedAdmin,
    OwnedRecordAdmin,
    RecordInline,
    asks_first,
    display,
    for_ticked,
    link,
    linked,
    money,
    shown_on,
)
from users.models import User

STATUS_COLOURS = {
    "active": "success",
    "trialing": "info",
    "past_due": "warning",
    "unpaid": "danger",
    "paused": "warning",
    "incomplete": "warning",
    "incomplete_expired": "default",
    "canceled": "default",
}
INVOICE_COLOURS = {
    "paid": "success",
    "pending": "info",
    "unpaid": "warning",
    "failed": "danger",
    "overdue": "danger",
    "draft": "default",
    "void": "default",
    "refunded": "default",
}
ACCESS_COLOURS = {"open": "success", "used up": "warning", "expired": "warning", "off": "default"}
STRIPES = ("stripe_subscription_id", "stripe_customer_id")


class SubscriptionColumns:
    """What both the list and the customer's page show of a subscription."""

    @display(description="plan")
    def plan_name(self, subscription: Subscription) -> str:
        return str(subscription.plan)

    @display(description="status", label=STATUS_COLOURS)
    def state(self, subscription: Subscription) -> str:
        return subscription.status

    @display(description="kept by")
    def keeper(self, subscription: Subscription) -> str:
        return "us" if subscription.is_local else "Stripe"


class AccessColumns:
    """What both the list and the customer's page show of a feature."""

    @display(description="state", label=ACCESS_COLOURS)
    def state(self, access: FeatureAccess) -> str:
        if not access.is_enabled:
            return "off"
        if access.is_expired:
            return "expired"
        return "open" if access.can_use else "used up"

    @display(description="used this month")
    def used(self, access: FeatureAccess) -> str:
        used = access.usage_at(clock.now())
        return f"{used}" if access.usage_limit is None else f"{used} of {access.usage_limit}"


class InvoiceColumns:
    """What both the list and the customer's page show of an invoice."""

    @display(description="amount")
    def money(self, invoice: BillingHistory) -> str:
        return money(invoice.amount, invoice.currency)

    @display(description="refunded")
    def refunded(self, invoice: BillingHistory) -> str:
        return money(invoice.amount_refunded, invoice.currency) if invoice.amount_refunded else "-"

    @display(description="status", label=INVOICE_COLOURS)
    def state(self, invoice: BillingHistory) -> str:
        return "overdue" if invoice.is_overdue else invoice.status


@shown_on(User)
class SubscriptionInline(SubscriptionColumns, RecordInline):
    model = Subscription
    place = 4
    fields = ("since", "plan_name", "state", "current_period_end", "cancel_at_period_end", "keeper")
    since = linked("created_at", "since")
    ordering = ("-created_at", "-id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("plan")


@shown_on(User)
class AccessInline(AccessColumns, RecordInline):
    model = FeatureAccess
    fields = ("feature", "state", "used", "expires_at", "last_used_at")
    feature = linked("feature_name", "feature")
    ordering = ("feature_name", "id")
    limit = 20

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).with_billing_period()  # type: ignore[attr-defined]  # our own queryset


@shown_on(User)
class InvoiceInline(InvoiceColumns, RecordInline):
    model = BillingHistory
    place = 6
    fields = ("date", "money", "state", "due_date", "paid_at", "refunded")
    date = linked("billing_date", "date")
    ordering = ("-billing_date", "-id")


@admin.register(SubscriptionPlan)
class PlanAdmin(BaseAdmin):
    """Plans. What a plan opens is opened for everybody who has it, by a job, as soon as it is saved."""

    list_display = ("name", "billing_cycle", "cost", "is_active", "description")
    list_filter = (("billing_cycle", ChoicesDropdownFilter), ("is_active", BooleanRadioFilter))
    search_fields = ("name", "description")
    ordering = ("price", "id")
    readonly_fields = ("stripe_product_id", "stripe_price_id")
    csv_columns = ("id", "name", "billing_cycle", "price", "currency", "is_active", "features", "limits")

    @display(description="price")
    def cost(self, plan: SubscriptionPlan) -> str:
        return money(plan.price, plan.currency)

    def save_model(self, request: HttpRequest, obj: SubscriptionPlan, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if {"features", "limits"} & set(form.changed_data):
            jobs.enqueue(tasks.regrant_plan, plan_id=str(obj.pk))

    def delete_model(self, request: HttpRequest, obj: SubscriptionPlan) -> None:
        services.delete_plan(obj)


@admin.register(Subscription)
class SubscriptionAdmin(SubscriptionColumns, OwnedAdmin):
    """Subscriptions. One that is added here is a gift: it renews without a payment. What Stripe keeps is only looked at."""

    list_display = (
        "plan_name",
        "owner",
        "state",
        "current_period_start",
        "current_period_end",
        "cancel_at_period_end",
        "keeper",
    )
    list_filter = (BY_CUSTOMER, ("plan", AutocompleteSelectFilter), ("status", ChoicesDropdownFilter))
    list_select_related = ("user", "plan")
    search_fields = ("plan__name", *STRIPES)
    ordering_of_one = ("-created_at", "-id")
    readonly_fields = STRIPES
    csv_columns = (
        "id",
        "user__email",
        "plan__name",
        "plan__billing_cycle",
        "status",
        "current_period_start",
        "current_period_end",
        "cancel_at_period_end",
        "canceled_at",
        "trial_end",
        *STRIPES,
    )
    actions_detail = ("cancel_later", "cancel_at_once", "reactivate")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """All of them once Stripe keeps the subscription."""
        columns = [] if obj is None or obj.is_local else [field.name for field in Subscription._meta.fields if field.editable]
        return [*super().get_readonly_fields(request, obj), *columns]

    def save_model(self, request: HttpRequest, obj: Subscription, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        services.settle_access(user=obj.user, now=clock.now())

    def delete_model(self, request: HttpRequest, obj: Subscription) -> None:
        services.delete_subscription(obj, now=clock.now())

    @asks_first(title="Cancel at period end", question="It stays open until then, and does not renew.", icon="event_busy")
    def cancel_later(self, request: HttpRequest, subscription: Subscription) -> None:
        services.cancel_at_period_end(subscription, now=clock.now())

    @asks_first(title="Cancel now", question="It ends at once, and what it opens is closed.", icon="cancel")
    def cancel_at_once(self, request: HttpRequest, subscription: Subscription) -> None:
        services.cancel_now(subscription, now=clock.now())

    @asks_first(title="Reactivate", question="The cancellation is taken back.", icon="restart_alt")
    def reactivate(self, request: HttpRequest, subscription: Subscription) -> None:
        services.reactivate(subscription, now=clock.now())

    actions = (*BaseAdmin.actions, for_ticked(cancel_later), for_ticked(cancel_at_once), for_ticked(reactivate))


@admin.register(FeatureAccess)
class FeatureAccessAdmin(AccessColumns, OwnedAdmin):
    """What customers may use. A change made here lasts until the customer's plan changes."""

    list_display = ("feature_name", "owner", "state", "used", "period_start", "last_used_at", "expires_at")
    list_filter = (BY_CUSTOMER, ("is_enabled", BooleanRadioFilter), ("last_used_at", RangeDateFilter))
    search_fields = ("feature_name",)
    ordering_of_one = ("feature_name", "id")
    readonly_fields = ("usage_count", "period_start", "last_used_at")
    csv_columns = (
        "id",
        "user__email",
        "feature_name",
        "is_enabled",
        "usage_count",
        "usage_limit",
        "period_start",
        "last_used_at",
        "expires_at",
    )
    actions_detail = ("reset_usage", "enable", "disable")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).with_billing_period()  # type: ignore[attr-defined]  # our own queryset

    @asks_first(title="Reset usage", question="The count of this month begins anew.", icon="restart_alt")
    def reset_usage(self, request: HttpRequest, access: FeatureAccess) -> None:
        services.reset_usage(access, now=clock.now())

    @asks_first(title="Enable", question="It is open until the customer's plan changes.", icon="lock_open")
    def enable(self, request: HttpRequest, access: FeatureAccess) -> None:
        services.enable_feature(access)

    @asks_first(title="Disable", question="It is closed until the customer's plan changes.", icon="lock")
    def disable(self, request: HttpRequest, access: FeatureAccess) -> None:
        services.disable_feature(access)

    actions = (*BaseAdmin.actions, for_ticked(reset_usage), for_ticked(enable), for_ticked(disable))


@admin.register(BillingHistory)
class BillingHistoryAdmin(InvoiceColumns, OwnedRecordAdmin):
    """Invoices: a record of what was charged."""

    list_display = ("billing_date", "owner", "of", "money", "state", "due_date", "paid_at", "refunded")
    list_filter = (BY_CUSTOMER, ("status", ChoicesDropdownFilter), ("billing_date", RangeDateFilter))
    list_select_related = ("user", "subscription")
    search_fields = ("description", "stripe_invoice_id")
    ordering_of_one = ("-billing_date", "-id")
    sortable_for_one = ("billing_date",)
    date_hierarchy = "billing_date"
    csv_columns = (
        "id",
        "user__email",
        "billing_date",
        "amount",
        "amount_refunded",
        "currency",
        "status",
        "due_date",
        "paid_at",
        "description",
        "stripe_invoice_id",
    )

    @display(description="subscription")
    def of(self, invoice: BillingHistory) -> str:
        return link(invoice.subscription) if invoice.subscription else "-"
