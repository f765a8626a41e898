"""Overrides of feature access in the back office."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.contrib.filters.admin import BooleanRadioFilter

from billing import services
from billing.models import EntitlementOverride
from core import clock
from core.admin import (
    BY_CUSTOMER,
    BaseAdmin,
    DaysFilter,
    HiddenActionsMixin,
    OwnedAdmin,
    ReadOnlyInline,
    column,
    confirmed_action,
    display,
    for_selected_rows,
    inline_on,
    linked,
)
from users.models import User

OVERRIDE_COLORS = {"in force": "success", "scheduled": "info", "ended": "default", "revoked": "default"}


class OverrideColumns:
    """Columns of the list and of the inline on the customer's page."""

    @display(description="state", label=OVERRIDE_COLORS)
    def state(self, row: EntitlementOverride) -> str:
        now = clock.now()
        if row.revoked_at is not None:
            return "revoked"
        if row.ends_at <= now:
            return "ended"
        return "scheduled" if row.starts_at > now else "in force"


@inline_on(User)
class OverrideInline(OverrideColumns, ReadOnlyInline):
    model = EntitlementOverride
    fk_name = "user"
    template_after = "mingus/admin/override_inline_links.html"
    fields = ("feature", "is_enabled", "usage_limit", "state", "ends_at", "reason")
    feature = linked("feature_name", "feature")
    ordering = ("-created_at", "-id")


@admin.register(EntitlementOverride)
class OverrideAdmin(HiddenActionsMixin, OverrideColumns, OwnedAdmin):
    """Overrides. They are added with a reason and an end, and can only be revoked afterwards."""

    list_display = ("feature_name", "owner", "is_enabled", "usage_limit", "state", "starts_at", "ends_at", "reason", "by")
    list_filter = (BY_CUSTOMER, ("is_enabled", BooleanRadioFilter), ("ends_at", DaysFilter))
    list_select_related = ("user", "granted_by")
    search_fields = ("feature_name", "reason")
    ordering_for_customer = ("-created_at", "-id")
    readonly_fields = ("revoked_at", "granted_by")
    csv_columns = (
        "id",
        "user__email",
        "feature_name",
        "is_enabled",
        "usage_limit",
        "reason",
        "starts_at",
        "ends_at",
        "revoked_at",
        "created_at",
    )
    actions_detail = ("revoke",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False. An override is a record of what was granted: staff revoke it and add another."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form, with the current time as the default start."""
        form = super().get_form(request, obj, change, **kwargs)
        begins = form.base_fields.get("starts_at")
        if isinstance(begins, forms.Field):
            begins.initial = clock.now
        return form

    def hidden_actions(self, request: HttpRequest, row: Any) -> set[str]:
        return set() if row.revoked_at is None else {"revoke"}

    def save_model(self, request: HttpRequest, obj: EntitlementOverride, form: Any, change: bool) -> None:
        staff_member: Any = request.user
        obj.granted_by = staff_member
        super().save_model(request, obj, form, change)
        services.sync_feature_access(user=obj.user, now=clock.now())

    by = column("granted_by", "granted by", empty="-", show=str)

    @confirmed_action(title="Revoke", description="The override ends now, and the customer's plan applies again.", icon="undo")
    def revoke(self, request: HttpRequest, row: EntitlementOverride) -> None:
        services.revoke_override(row, now=clock.now())

    actions = (*BaseAdmin.actions, for_selected_rows(revoke))
