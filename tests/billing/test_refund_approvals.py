"""Refunds, which a second staff member approves."""

from datetime import timedelta
from decimal import Decimal

import pytest

from billing import services as billing
from billing.models import Adjustment, BillingHistory
from core import clock
from dev.factories import InvoiceFactory
from tests.sign_in import member
from tests.users.test_approvals import REASON, YES, answer
from users import approvals
from users.models import Approval, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def invoice(alice: User) -> BillingHistory:
    amount = Decimal("350.00")
    row: BillingHistory = InvoiceFactory(
        user=alice, status="paid", paid_at=clock.now(), stripe_invoice_id="in_1", amount=amount
    )
    return row


def test_a_refund_waits_in_the_same_list(invoice: BillingHistory) -> None:
    requester, other = member("billing"), member("billing")
    requester[1].post(f"/admin/billing/billinghistory/{invoice.pk}/refund/", YES | {"amount": "1", "reason": REASON})
    refund, approval = Adjustment.objects.get(), Approval.objects.get()
    assert (approval.subject_id, approval.action, approval.reason, refund.status) == (
        refund.pk,
        "refund",
        REASON,
        "awaiting_approval",
    )
    answer(requester[1], "approve")
    assert Adjustment.objects.get().status == "awaiting_approval"
    answer(other[1], "approve")
    assert (Adjustment.objects.get().status, Adjustment.objects.get().approved_by) == ("pending", other[0])


def test_an_expired_refund_can_be_requested_again(invoice: BillingHistory) -> None:
    clerk, now = member("billing")[0], clock.now()
    row = billing.request_refund(invoice=invoice, reason=REASON, by=clerk, now=now)
    later = now + timedelta(days=4)
    assert (approvals.expire_requests(now=later), approvals.expire_requests(now=later)) == (1, 0)
    row.refresh_from_db()
    assert (row.status, row.approved_by, billing.refundable_amount(invoice)) == ("declined", None, invoice.amount)
