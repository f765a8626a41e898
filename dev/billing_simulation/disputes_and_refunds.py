"""Actions of the customer's bank and of staff in a simulation: disputes, inquiries and refunds."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from billing import services
from billing.models import Adjustment, BillingHistory
from billing.models.adjustments import AdjustmentKind
from billing.models.invoices import InvoiceStatus
from billing.services.customer_notices import format_amount
from billing.stripe import client as stripe_client
from core import rls
from core.errors import ConflictError
from dev.billing_simulation.customer import SimulatedCustomer
from users.models import User

SECONDS_BETWEEN_CLICKS = 20


def buy_twice(customer: SimulatedCustomer, now: datetime) -> str:
    """Buy the plan on two pages, of which the second was opened in the instant before the first was paid."""
    with rls.as_customer(customer.user):
        page = services.start_checkout(user=customer.user, plan=customer.plan, now=now)
    first = stripe_client.call("checkout.sessions.retrieve", page.id)
    labels = {"user_id": str(customer.user.pk), "plan_id": str(customer.plan.pk)}
    parameters: dict[str, Any] = {
        "mode": "subscription",
        "customer": first["customer"],
        "line_items": [{"price": customer.plan.stripe_price_id, "quantity": 1}],
        "subscription_data": {"metadata": labels},
        "success_url": first["success_url"],
    }
    second = stripe_client.write("checkout.sessions.create", parameters, key=f"second-{page.id}")
    for session in (page.id, second["id"]):
        customer.stripe.complete_checkout(session, card=customer.card, authenticated=True)
        customer.stripe.advance(SECONDS_BETWEEN_CLICKS)
    return f"The customer clicks twice and buys {customer.plan.name} on two pages."


def open_inquiry(customer: SimulatedCustomer, now: datetime) -> str:
    customer.stripe.open_dispute(_newest_charge(customer)["id"], case="inquiry")
    return "The customer asks the bank about the payment, and the bank inquires."


def open_dispute(customer: SimulatedCustomer, now: datetime) -> str:
    customer.stripe.open_dispute(_newest_charge(customer)["id"])
    return "The customer disputes the payment at the bank."


def lose_dispute(customer: SimulatedCustomer, now: datetime) -> str:
    """Close the newest dispute: an inquiry without a decision, a dispute as lost."""
    disputes = Adjustment.objects.for_user(customer.user).filter(kind=AdjustmentKind.DISPUTE)
    customer.stripe.close_dispute(disputes.latest("happened_at", "created_at").stripe_id, won=False)
    return "The bank decides."


def refund(customer: SimulatedCustomer, now: datetime) -> str:
    """Refund the newest paid invoice: one staff member requests it, and another approves it."""
    invoices = BillingHistory.objects.for_user(customer.user).filter(status=InvoiceStatus.PAID, amount__gt=0)
    invoice = invoices.order_by("-billing_date").first()
    if invoice is None:
        raise ConflictError("not_paid", "There is no paid invoice.")
    requester, approver = _staff_member(), _staff_member()
    row = services.request_refund(invoice=invoice, reason="The customer asked for it", by=requester, now=now)
    services.decide_refund(row, is_approved=True, by=approver, now=now)
    services.send_refund(row)
    return f"Two staff members refund {format_amount(invoice.amount, invoice.currency)}."


def _newest_charge(customer: SimulatedCustomer) -> stripe_client.Object:
    if customer.newest is None:
        raise ConflictError("no_subscription", "There is no subscription.")
    charges = stripe_client.list_all("charges", customer=customer.newest.stripe_customer_id)
    return next(charge for charge in charges if charge["paid"])


def _staff_member() -> User:
    staff = User(email=f"simulated-{uuid4().hex}@mingus.invalid", is_staff=True)
    staff.set_unusable_password()
    staff.save()
    return staff
