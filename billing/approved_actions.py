"""Refunds that need an approval: what a decision does."""

from datetime import datetime

from billing import tasks
from billing.models import Adjustment
from billing.models.adjustments import AdjustmentStatus
from core import jobs
from users import approvals
from users.models import Approval
from users.models.approval import ApprovalAction


@approvals.handler(ApprovalAction.REFUND)
def refund(approval: Approval, *, is_approved: bool, now: datetime) -> None:
    """Send an approved refund to Stripe. A declined or expired one no longer reduces the amount that can be refunded."""
    row = Adjustment.objects.select_for_update().get(pk=approval.subject_id)
    row.status = AdjustmentStatus.PENDING if is_approved else AdjustmentStatus.DECLINED
    row.approved_by, row.happened_at = approval.decided_by, now
    row.save(update_fields=["status", "approved_by", "happened_at"])
    if is_approved:
        jobs.enqueue(tasks.send_refund, adjustment_id=str(row.pk))
