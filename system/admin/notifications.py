"""Admin pages for background jobs, alerts, important dates and notification preferences."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest
from procrastinate.contrib.django.models import ProcrastinateEvent, ProcrastinateJob
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter, RadioFilter
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from core import clock, rls
from core.admin import (
    BY_CUSTOMER,
    BaseAdmin,
    DaysFilter,
    OwnedAdmin,
    OwnedReadOnlyAdmin,
    ReadOnlyAdmin,
    ReadOnlyInline,
    column,
    confirmed_action,
    display,
    for_selected_rows,
    inline_on,
    linked,
)
from core.admin.forms import OwnedAddForm, OwnedForm
from system import services
from system.models import AlertReceipt, ImportantDate, NotificationPreference, SystemAlert

SEVERITY_COLORS = {"low": "default", "medium": "info", "high": "warning", "critical": "danger"}
ALERT_COLORS = {"unread": "info", "action needed": "warning", "expired": "default", "done": "success", "read": "success"}
DATE_COLORS = {"overdue": "danger", "due soon": "warning", "upcoming": "info", "off": "default"}
REACHABLE_COLORS = {"reachable": "success", "quiet hours": "info", "switched off": "default"}

admin.site.unregister(ProcrastinateJob)


class EventInline(ReadOnlyInline):
    model = ProcrastinateEvent
    fields = ("type", "at")
    ordering = ("-id",)
    template_after = None
    show_change_link = False


@admin.register(ProcrastinateJob)
class JobAdmin(ReadOnlyAdmin):
    """Waiting, running and failed jobs; succeeded ones are deleted. SECURITY: arguments may be personal, so none are shown."""

    list_display = ("task_name", "state", "attempts", "scheduled_at", "queue_name")
    list_filter = (("status", ChoicesDropdownFilter),)
    fields = ("task_name", "status", "attempts", "scheduled_at", "queue_name", "priority")
    csv_columns = ("id", "task_name", "status", "attempts", "scheduled_at")
    inlines = (EventInline,)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> ProcrastinateJob | None:
        """Return the job without its arguments, which `str(job)` would show."""
        job: ProcrastinateJob | None = super().get_object(request, object_id, from_field)
        if job is not None:
            job.args = {}
        return job

    state = column("status", "status", {"todo": "info", "doing": "warning", "failed": "danger", "succeeded": "success"})


class AlertColumns:
    """Columns shared by the alert list and the inline on the customer's page."""

    weight = column("severity", "severity", SEVERITY_COLORS)

    @display(description="state", label=ALERT_COLORS)
    def state(self, alert: SystemAlert) -> str:
        """Return the state of an alert. A broadcast is only "active" or "expired", because each user has a receipt for it."""
        if alert.is_expired:
            return "expired"
        if alert.is_broadcast:
            return "active"
        if alert.action_required:
            return "done" if alert.action_taken else "action needed"
        return "read" if alert.is_read else "unread"


class DateColumns:
    """Columns shared by the date list and the inline on the customer's page."""

    coming = column("next_occurrence", "next")
    state = column("urgency", "state", DATE_COLORS)


@inline_on(get_user_model())
class AlertInline(AlertColumns, ReadOnlyInline):
    model = SystemAlert
    place = 5
    verbose_name_plural = "alerts"
    fields = ("sent", "title", "alert_type", "weight", "state", "expires_at")
    sent = linked("created_at", "sent")
    ordering = ("-created_at", "-id")


@inline_on(get_user_model())
class ImportantDateInline(DateColumns, ReadOnlyInline):
    model = ImportantDate
    verbose_name_plural = "important dates"
    fields = ("name", "date_type", "date_value", "recurrence_pattern", "coming", "state", "last_reminder_sent")
    name = linked("date_name", "date")
    ordering = ("date_value", "id")


class BroadcastForm(forms.ModelForm):
    """Form that asks again before all users see an alert or its new text: for a reason, and for the number of users."""

    reason = forms.CharField(
        min_length=8,
        max_length=400,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Only for an alert to all users: why it is sent. The audit log shows it.",
    )
    recipients = forms.IntegerField(
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Only for an alert to all users: their number, which is shown when you save.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.instance.is_broadcast and not self.errors:
            self._confirm(cleaned.get("reason", ""), cleaned.get("recipients"))
        return cleaned

    def _confirm(self, reason: str, recipients: int | None) -> None:
        number = get_user_model()._default_manager.filter(is_active=True).count()  # those who can log in
        if not reason:
            self.add_error("reason", "This alert is for all users. Enter the reason.")
        if recipients != number:
            sentence = f"This alert reaches {number} users. To send it, enter this number."
            self.add_error("recipients", forms.ValidationError(sentence, "not_confirmed"))


class AlertAddForm(BroadcastForm, OwnedAddForm):
    """Form for a new alert to one customer or to all users."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["customer"].required = False
        self.fields["customer"].help_text = "Leave empty to send the alert to all users. It cannot be changed later."


class AlertForm(BroadcastForm, OwnedForm):
    """Form of an existing alert."""


class AudienceFilter(RadioFilter):
    title = "audience"
    parameter_name = "audience"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("everybody", "All users")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(user__isnull=True) if self.value() == "everybody" else queryset


@admin.register(SystemAlert)
class SystemAlertAdmin(AlertColumns, OwnedAdmin):
    """Alerts and broadcasts. Only customers can mark them as read or done."""

    form = AlertForm
    list_display = ("title", "owner", "alert_type", "weight", "state", "expires_at", "created_at")
    list_filter = (
        BY_CUSTOMER,
        AudienceFilter,
        ("alert_type", ChoicesDropdownFilter),
        ("severity", ChoicesDropdownFilter),
        ("action_required", BooleanRadioFilter),
        ("is_read", BooleanRadioFilter),
    )
    search_fields = ("title", "message")
    ordering_for_customer = ("-created_at", "-id")
    sortable_by_for_customer = ("created_at",)
    readonly_fields = ("is_read", "read_at", "action_taken", "action_notes")
    csv_columns = (
        "id",
        "user__email",
        "alert_type",
        "severity",
        "title",
        "is_read",
        "read_at",
        "action_required",
        "action_taken",
        "expires_at",
        "created_at",
    )
    actions_detail = ("expire",)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **({} if obj else {"form": AlertAddForm}) | kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        names = super().get_fields(request, obj)
        is_asked = obj is None or (obj.is_broadcast and self.has_change_permission(request, obj))
        return [name for name in names if is_asked or name not in ("reason", "recipients")]

    def save_model(self, request: HttpRequest, obj: SystemAlert, form: Any, change: bool) -> None:
        # the back office runs as staff already; the audit log has the reason of a broadcast
        with rls.as_staff(reason=form.cleaned_data.get("reason", "")):
            super().save_model(request, obj, form, change)

    @display(description="customer")
    def owner(self, row: SystemAlert) -> str:
        """Return a link to the customer, or "all users" for a broadcast."""
        return "all users" if row.is_broadcast else str(super().owner(row))

    @confirmed_action(title="Expire alert", description="It expires now for every user who has it.", icon="timer_off")
    def expire(self, request: HttpRequest, alert: SystemAlert) -> None:
        services.expire(alert, now=clock.now())

    actions = (*BaseAdmin.actions, for_selected_rows(expire))


@admin.register(AlertReceipt)
class AlertReceiptAdmin(OwnedReadOnlyAdmin):
    """Read receipts of broadcasts, with the actions that users took."""

    list_display = ("read_at", "owner", "broadcast", "action_taken", "action_notes")
    list_filter = (BY_CUSTOMER, ("action_taken", BooleanRadioFilter))
    list_select_related = ("user", "alert")
    search_fields = ("action_notes",)
    csv_columns = ("user__email", "alert__title", "read_at", "action_taken", "action_notes")

    @display(description="broadcast")
    def broadcast(self, receipt: AlertReceipt) -> str:
        return receipt.alert.title


@admin.register(ImportantDate)
class ImportantDateAdmin(DateColumns, OwnedAdmin):
    list_display = ("date_name", "owner", "date_type", "date_value", "recurrence_pattern", "coming", "state", "reminder_days")
    list_filter = (
        BY_CUSTOMER,
        ("date_type", ChoicesDropdownFilter),
        ("is_recurring", BooleanRadioFilter),
        ("is_active", BooleanRadioFilter),
        ("date_value", DaysFilter),
    )
    list_select_related = ("user__profile",)
    search_fields = ("date_name", "description")
    ordering_for_customer = ("date_value", "id")
    sortable_by_for_customer = ("date_value",)
    readonly_fields = ("last_reminder_sent",)
    csv_columns = (
        "id",
        "user__email",
        "date_name",
        "date_type",
        "date_value",
        "is_recurring",
        "recurrence_pattern",
        "reminder_days",
        "is_active",
        "last_reminder_sent",
    )


@admin.register(NotificationPreference)
class NotificationPreferenceAdmin(OwnedAdmin):
    list_display = ("notification_type", "owner", "channels", "frequency", "quiet_hours", "state")
    list_filter = (
        BY_CUSTOMER,
        ("notification_type", ChoicesDropdownFilter),
        ("frequency", ChoicesDropdownFilter),
        ("email_enabled", BooleanRadioFilter),
    )
    list_select_related = ("user__profile",)
    search_fields = ("notification_type",)
    ordering_for_customer = ("-created_at", "-id")

    @display(description="channels")
    def channels(self, preference: NotificationPreference) -> str:
        return ", ".join(preference.enabled_channels) or "-"

    @display(description="quiet hours")
    def quiet_hours(self, preference: NotificationPreference) -> str:
        start, end = preference.quiet_hours_start, preference.quiet_hours_end
        return "-" if start is None or end is None or start == end else f"{start:%H:%M} to {end:%H:%M}"

    @display(description="now", label=REACHABLE_COLORS)
    def state(self, preference: NotificationPreference) -> str:
        if not preference.is_enabled:
            return "switched off"
        return "reachable" if preference.can_send_notification else "quiet hours"
