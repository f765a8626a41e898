"""Refunds, credits and disputes in the back office, with the approval of large refunds."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter

from billing import services, tasks
from billing.models import Adjustment
from billing.models.adjustments import AdjustmentStatus
from core import clock, jobs
from core.admin import (
    BY_CUSTOMER,
    BaseAdmin,
    OwnedReadOnlyAdmin,
    ReadOnlyInline,
    confirmed_action,
    display,
    for_selected_rows,
    inline_on,
    link,
    linked,
    money,
)
from users.models import User

ADJUSTMENT_COLORS = {
    "awaiting approval": "warning",
    "pending": "info",
    "open": "warning",
    "succeeded": "success",
    "won": "success",
    "failed": "danger",
    "lost": "danger",
    "declined": "default",
    "canceled": "default",
}


class AdjustmentColumns:
    """Columns of the list and of the inline on the customer's page."""

    @display(description="amount")
    def money(self, row: Adjustment) -> str:
        return money(row.amount, row.currency)

    @display(description="status", label=ADJUSTMENT_COLORS)
    def state(self, row: Adjustment) -> str:
        return row.status.replace("_", " ")


@inline_on(User)
class AdjustmentInline(AdjustmentColumns, ReadOnlyInline):
    model = Adjustment
    place = 6
    fk_name = "user"
    fields = ("when", "kind", "money", "state", "reason")
    when = linked("happened_at", "when")
    ordering = ("-happened_at", "-id")


@admin.register(Adjustment)
class AdjustmentAdmin(AdjustmentColumns, OwnedReadOnlyAdmin):
    """Refunds, credits and disputes. A staff member can't approve or decline a refund that they requested."""

    list_display = ("happened_at", "owner", "kind", "money", "state", "reason", "requested_by", "approved_by", "of")
    list_filter = (
        BY_CUSTOMER,
        ("kind", ChoicesDropdownFilter),
        ("status", ChoicesDropdownFilter),
        ("happened_at", RangeDateFilter),
    )
    list_select_related = ("user", "invoice", "requested_by", "approved_by")
    search_fields = ("stripe_id", "reason")
    ordering_for_customer = ("-happened_at", "-id")
    sortable_by_for_customer = ("happened_at",)
    csv_columns = (
        "id",
        "user__email",
        "kind",
        "happened_at",
        "amount",
        "currency",
        "status",
        "reason",
        "invoice__billing_date",
        "invoice__amount",
        "invoice__amount_refunded",
        "invoice__stripe_invoice_id",
        "stripe_id",
    )
    actions_detail = ("approve", "decline")

    @display(description="invoice")
    def of(self, row: Adjustment) -> str:
        return link(row.invoice) if row.invoice else "-"

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Return the buttons only while the refund awaits approval."""
        row = self.get_object(request, unquote(str(object_id)))
        is_waiting = row is not None and row.status == AdjustmentStatus.AWAITING_APPROVAL
        return super().get_actions_detail(request, object_id) if is_waiting else []  # type: ignore[misc]  # unfold's

    @confirmed_action(title="Approve", question="Stripe refunds the amount to the customer's card.", icon="task_alt")
    def approve(self, request: HttpRequest, row: Adjustment) -> None:
        staff_member: Any = request.user
        services.decide_refund(row, is_approved=True, by=staff_member, now=clock.now())
        jobs.enqueue(tasks.send_refund, adjustment_id=str(row.pk))

    @confirmed_action(title="Decline", question="The amount is not refunded.", icon="block")
    def decline(self, request: HttpRequest, row: Adjustment) -> None:
        staff_member: Any = request.user
        services.decide_refund(row, is_approved=False, by=staff_member, now=clock.now())

    actions = (*BaseAdmin.actions, for_selected_rows(approve), for_selected_rows(decline))
