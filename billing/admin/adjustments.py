"""Refunds, credits and disputes in the back office, with the approval of refunds."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from billing import services
from billing.models import Adjustment
from billing.models.adjustments import AdjustmentStatus
from core import clock
from core.admin import (
    BY_CUSTOMER,
    BaseAdmin,
    DaysFilter,
    HiddenActionsMixin,
    OwnedReadOnlyAdmin,
    ReadOnlyInline,
    amount_column,
    column,
    confirmed_action,
    for_selected_rows,
    inline_on,
    link,
    linked,
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
    "prevented": "danger",
    "inquiry": "warning",
    "inquiry closed": "default",
    "declined": "default",
    "canceled": "default",
}


class AdjustmentColumns:
    """Columns of the list and of the inline on the customer's page."""

    money = amount_column("amount", "amount")
    state = column("status", "status", ADJUSTMENT_COLORS, show=lambda status: status.replace("_", " "))
    decided_by_rule = column("rule", "rule", empty="-", show=lambda rule: rule.replace("_", " "))


@inline_on(User)
class AdjustmentInline(AdjustmentColumns, ReadOnlyInline):
    model = Adjustment
    place = 6
    fk_name = "user"
    fields = ("when", "kind", "money", "state", "reason")
    when = linked("happened_at", "when")
    ordering = ("-happened_at", "-id")


@admin.register(Adjustment)
class AdjustmentAdmin(HiddenActionsMixin, AdjustmentColumns, OwnedReadOnlyAdmin):
    """Refunds, credits and disputes. A staff member can't approve or decline a refund that they requested.

    The filter "rule" lists the refunds that needed no approval.
    """

    list_display = (
        "happened_at",
        "owner",
        "kind",
        "money",
        "state",
        "decided_by_rule",
        "reason",
        "requested_by",
        "approved_by",
        "of",
    )
    list_filter = (
        BY_CUSTOMER,
        ("kind", ChoicesDropdownFilter),
        ("status", ChoicesDropdownFilter),
        ("rule", ChoicesDropdownFilter),
        ("happened_at", DaysFilter),
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
        "rule",
        "reason",
        "invoice__billing_date",
        "invoice__amount",
        "invoice__amount_refunded",
        "invoice__stripe_invoice_id",
        "stripe_id",
        "stripe_payment_id",
    )
    actions_detail = ("approve", "decline")

    of = column("invoice", "invoice", empty="-", show=link)

    def hidden_actions(self, request: HttpRequest, row: Any) -> set[str]:
        return set() if row.status == AdjustmentStatus.AWAITING_APPROVAL else {"approve", "decline"}

    @confirmed_action(title="Approve", description="Stripe refunds the amount to the customer's card.", icon="task_alt")
    def approve(self, request: HttpRequest, row: Adjustment) -> None:
        staff_member: Any = request.user
        services.decide_refund(row, is_approved=True, by=staff_member, now=clock.now())

    @confirmed_action(title="Decline", description="The amount is not refunded.", icon="block")
    def decline(self, request: HttpRequest, row: Adjustment) -> None:
        staff_member: Any = request.user
        services.decide_refund(row, is_approved=False, by=staff_member, now=clock.now())

    actions = (*BaseAdmin.actions, for_selected_rows(approve), for_selected_rows(decline))
