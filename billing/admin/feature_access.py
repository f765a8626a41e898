"""Feature access and counted uses in the back office."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import BooleanRadioFilter
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from billing import services
from billing.models import FeatureAccess, UsageRecord
from core import clock
from core.admin import (
    BY_CUSTOMER,
    BaseAdmin,
    DaysFilter,
    OwnedReadOnlyAdmin,
    ReadOnlyInline,
    ReasonForm,
    confirmed_action,
    display,
    for_selected_rows,
    inline_on,
    linked,
)
from users.models import User

ACCESS_COLORS = {"open": "success", "used up": "warning", "expired": "warning", "off": "default"}


class SwitchForm(ReasonForm):
    """Duration and reason of an override."""

    days = forms.IntegerField(
        min_value=1, max_value=366, initial=30, widget=UnfoldAdminIntegerFieldWidget, help_text="From now."
    )
    field_order = ("days", "reason")


class AccessColumns:
    """Columns of the list and of the inline on the customer's page."""

    @display(description="state", label=ACCESS_COLORS)
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


@inline_on(User)
class AccessInline(AccessColumns, ReadOnlyInline):
    model = FeatureAccess
    fields = ("feature", "state", "used", "expires_at", "last_used_at")
    feature = linked("feature_name", "feature")
    ordering = ("feature_name", "id")
    limit = 20

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).with_billing_period()  # type: ignore[attr-defined]  # our own queryset


@admin.register(FeatureAccess)
class FeatureAccessAdmin(AccessColumns, OwnedReadOnlyAdmin):
    """Feature access of customers. It is read-only, because it is computed from plans and overrides."""

    list_display = ("feature_name", "owner", "state", "used", "period_start", "last_used_at", "expires_at")
    list_filter = (BY_CUSTOMER, ("is_enabled", BooleanRadioFilter), ("last_used_at", DaysFilter))
    search_fields = ("feature_name",)
    ordering_for_customer = ("feature_name", "id")
    fields = (
        "feature_name",
        "state",
        "reason",
        "used",
        "period_start",
        "last_used_at",
        "expires_at",
        "id",
        "created_at",
        "updated_at",
    )
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

    @display(description="reason")
    def reason(self, access: FeatureAccess) -> str:
        found = services.explain_feature(user=access.user, feature=access.feature_name, now=clock.now())
        return found.verdict.why

    @confirmed_action(title="Reset usage", description="The count of the current period is set to 0.", icon="restart_alt")
    def reset_usage(self, request: HttpRequest, access: FeatureAccess) -> None:
        services.reset_usage(access, now=clock.now())

    @confirmed_action(
        title="Enable", description="The feature is enabled regardless of the plan.", icon="lock_open", form=SwitchForm
    )
    def enable(self, request: HttpRequest, access: FeatureAccess, cleaned_data: dict[str, Any]) -> None:
        _switch(request, access, cleaned_data, is_enabled=True)

    @confirmed_action(
        title="Disable", description="The feature is disabled regardless of the plan.", icon="lock", form=SwitchForm
    )
    def disable(self, request: HttpRequest, access: FeatureAccess, cleaned_data: dict[str, Any]) -> None:
        _switch(request, access, cleaned_data, is_enabled=False)

    actions = (*BaseAdmin.actions, for_selected_rows(reset_usage))


def _switch(request: HttpRequest, access: FeatureAccess, cleaned_data: dict[str, Any], *, is_enabled: bool) -> None:
    now = clock.now()
    ends_at = now + timedelta(days=cleaned_data["days"])
    services.override_access(
        access, is_enabled=is_enabled, reason=cleaned_data["reason"], ends_at=ends_at, granted_by=request.user, now=now
    )


@admin.register(UsageRecord)
class UsageRecordAdmin(OwnedReadOnlyAdmin):
    """Uses that were counted with an idempotency key."""

    list_display = ("feature_name", "owner", "amount", "period_start", "created_at", "given_back_at")
    list_filter = (BY_CUSTOMER, ("created_at", DaysFilter))
    search_fields = ("feature_name", "idempotency_key")
