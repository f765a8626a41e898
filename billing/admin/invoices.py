"""Invoices and their refunds in the back office."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from billing import services, tasks
from billing.models import BillingHistory
from core import clock, jobs
from core.admin import (
    BY_CUSTOMER,
    DaysFilter,
    HiddenActionsMixin,
    OwnedReadOnlyAdmin,
    ReadOnlyInline,
    ReasonForm,
    amount_column,
    column,
    confirmed_action,
    display,
    inline_on,
    link,
    linked,
    money,
)
from core.admin.masking import unmasked
from core.currencies import MAX_DECIMALS, MAX_DIGITS
from users.models import User

AWAITS_APPROVAL = "Nothing has been refunded yet. Another staff member must approve this amount on {}."
BY_RULE = "Nothing has been refunded yet. A job sends the refund to Stripe; see {}."
INVOICE_COLORS = {
    "paid": "success",
    "pending": "info",
    "processing": "info",
    "unpaid": "warning",
    "failed": "danger",
    "overdue": "danger",
    "draft": "default",
    "void": "default",
    "refunded": "default",
}


class RefundForm(ReasonForm):
    """Amount and reason of a refund."""

    amount = forms.DecimalField(
        max_digits=MAX_DIGITS,
        decimal_places=MAX_DECIMALS,
        required=False,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text="In the invoice's currency. Leave empty to refund the remaining amount.",
    )
    field_order = ("amount", "reason")


class InvoiceColumns:
    """Columns of the list and of the inline on the customer's page."""

    money = amount_column("amount", "amount")

    @display(description="collected")
    def collected(self, invoice: BillingHistory) -> str:
        return money(invoice.amount_collected, invoice.currency, zero="-")

    @display(description="refunded")
    def refunded(self, invoice: BillingHistory) -> str:
        return money(invoice.amount_refunded, invoice.currency, zero="-")

    @display(description="status", label=INVOICE_COLORS)
    def state(self, invoice: BillingHistory) -> str:
        return "processing" if invoice.is_processing else "overdue" if invoice.is_overdue else invoice.status


@inline_on(User)
class InvoiceInline(InvoiceColumns, ReadOnlyInline):
    model = BillingHistory
    place = 6
    fields = ("date", "money", "state", "due_date", "paid_at", "collected", "refunded")
    date = linked("billing_date", "date")
    ordering = ("-billing_date", "-id")


@admin.register(BillingHistory)
class BillingHistoryAdmin(HiddenActionsMixin, InvoiceColumns, OwnedReadOnlyAdmin):
    """Invoices. They are read-only, because they record what was charged."""

    list_display = ("billing_date", "owner", "of", "money", "state", "due_date", "paid_at", "collected", "refunded")
    list_filter = (
        BY_CUSTOMER,
        ("status", ChoicesDropdownFilter),
        ("is_processing", BooleanRadioFilter),
        ("billing_date", DaysFilter),
    )
    list_select_related = ("user", "subscription")
    search_fields = ("description", "number", "stripe_invoice_id")
    ordering_for_customer = ("-billing_date", "-id")
    sortable_by_for_customer = ("billing_date",)
    date_hierarchy = "billing_date"
    csv_columns = (
        "id",
        "user__email",
        "billing_date",
        "amount",
        "amount_refunded",
        "amount_due",
        "amount_collected",
        "discount",
        "tax",
        "currency",
        "status",
        "is_processing",
        "due_date",
        "paid_at",
        "description",
        "number",
        "stripe_invoice_id",
    )

    of = column("subscription", "subscription", empty="-", show=link)
    actions_detail = ("refund", "refund_withdrawal")

    def hidden_actions(self, request: HttpRequest, row: Any) -> set[str]:
        if services.refundable_amount(unmasked(row)) == 0:
            return {"refund", "refund_withdrawal"}
        return set() if services.is_withdrawable(row, now=clock.now()) else {"refund_withdrawal"}

    @confirmed_action(
        title="Refund",
        description="Stripe refunds the amount to the customer's card after another staff member has approved it.",
        icon="currency_exchange",
        form=RefundForm,
    )
    def refund(self, request: HttpRequest, invoice: BillingHistory, cleaned_data: dict[str, Any]) -> None:
        staff_member: Any = request.user
        row = services.request_refund(
            invoice=invoice, amount=cleaned_data["amount"], reason=cleaned_data["reason"], by=staff_member, now=clock.now()
        )
        self.message_user(request, format_html(AWAITS_APPROVAL, link(row, "the refund's page")), messages.WARNING)

    @confirmed_action(
        title="Refund a withdrawal",
        description="Within 14 days of the payment, its rest is refunded without an approval. Cancel the subscription first.",
        icon="undo",
        form=ReasonForm,
    )
    def refund_withdrawal(self, request: HttpRequest, invoice: BillingHistory, cleaned_data: dict[str, Any]) -> None:
        staff_member: Any = request.user
        row = services.refund_withdrawal(invoice=invoice, reason=cleaned_data["reason"], by=staff_member, now=clock.now())
        self.message_user(request, format_html(BY_RULE, link(row, "the refund's page")), messages.INFO)
        jobs.enqueue(tasks.send_refund, adjustment_id=str(row.pk))
