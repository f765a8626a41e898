"""Webhooks in the back office, read-only. Staff can disable an endpoint."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter

from core.admin import (
    BY_CUSTOMER,
    BaseAdmin,
    HiddenActionsMixin,
    OwnedReadOnlyAdmin,
    column,
    confirmed_action,
    for_selected_rows,
)
from users.models import WebhookAttempt, WebhookEndpoint, WebhookMessage
from users.models.webhooks import DisabledReason
from users.webhooks import delivery

STATES = {"delivered": "success", "failed": "danger", "pending": "info"}


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(HiddenActionsMixin, OwnedReadOnlyAdmin):
    """Webhooks of customers: whether one works, since when it fails, and why it was disabled."""

    list_display = ("name", "owner", "url", "is_enabled", "disabled_reason", "failing_since", "created_at")
    list_filter = (BY_CUSTOMER, ("is_enabled", BooleanRadioFilter), ("disabled_reason", ChoicesDropdownFilter))
    search_fields = ("name", "url")
    fields = (
        *("name", "url", "event_types", "is_enabled", "disabled_reason", "failing_since", "paused_until"),
        *("former_secret_expires_at", "created_at"),
    )
    csv_columns = ("user__email", "name", "is_enabled", "disabled_reason", "failing_since", "created_at")
    actions_detail = ("disable",)

    def has_disable_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("users.help_webhookendpoint")

    def hidden_actions(self, request: HttpRequest, row: Any) -> set[str]:
        return set() if row.is_enabled else {"disable"}

    @confirmed_action(
        title="Disable",
        description="No messages are sent until the customer enables the webhook again. Waiting messages are given up.",
        icon="block",
        permission="disable",
    )
    def disable(self, request: HttpRequest, endpoint: WebhookEndpoint) -> None:
        if endpoint.is_enabled:
            delivery.disable(endpoint, DisabledReason.SUPPORT)

    actions = (*BaseAdmin.actions, for_selected_rows(disable))


@admin.register(WebhookMessage)
class WebhookMessageAdmin(OwnedReadOnlyAdmin):
    """Messages to webhooks, for 30 days."""

    list_display = ("event_type", "owner", "endpoint", "shown_status", "attempt_count", "next_attempt_at", "created_at")
    list_filter = (BY_CUSTOMER, ("status", ChoicesDropdownFilter))
    list_select_related = ("user", "endpoint")
    fields = (
        *("endpoint", "event_type", "position", "body", "shown_status", "attempt_count", "queued_at"),
        *("next_attempt_at", "created_at"),
    )
    csv_columns = ("user__email", "event_type", "status", "attempt_count", "queued_at", "created_at")

    shown_status = column("status", "status", label=STATES)


@admin.register(WebhookAttempt)
class WebhookAttemptAdmin(OwnedReadOnlyAdmin):
    """Attempts to deliver messages to webhooks, for 30 days."""

    list_display = ("created_at", "owner", "message", "response_status", "error", "duration_ms")
    list_filter = (BY_CUSTOMER, ("error", ChoicesDropdownFilter))
    list_select_related = ("user", "message")
    fields = ("message", "response_status", "error", "duration_ms", "response_excerpt", "created_at")
    csv_columns = ("user__email", "response_status", "error", "duration_ms", "created_at")
