"""Actions of staff on accounts that need an approval: their requests, and what a decision does."""

from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator

from core.errors import ConflictError
from system.models import AccessAction
from system.services import record_access
from users import approvals, services
from users.models import Approval, User
from users.models.approval import ApprovalAction
from users.models.erasure import RequestedBy
from users.privacy.erasure import erasure_blockers
from users.tasks import start_erasure


def request_erasure(user: User, *, reason: str, by: Any, now: datetime) -> Approval:
    """Request the erasure of an account. Raise DomainError if it can't be erased now."""
    for blocker in erasure_blockers(user):
        raise blocker
    return approvals.request(user=user, action=ApprovalAction.ERASE, subject_id=user.pk, reason=reason, by=by, now=now)


def request_removal_of_factors(user: User, *, reason: str, by: Any, now: datetime) -> Approval:
    """Request the removal of all second factors. Raise ConflictError if there are none."""
    if not Authenticator.objects.filter(user=user).exists():
        raise ConflictError("no_second_factor", "This account has no second factor.")
    action = ApprovalAction.REMOVE_FACTORS
    return approvals.request(user=user, action=action, subject_id=user.pk, reason=reason, by=by, now=now)


@approvals.handler(ApprovalAction.ERASE)
def erase(approval: Approval, *, is_approved: bool, now: datetime) -> None:
    if is_approved:
        start_erasure(approval.user, requested_by=RequestedBy.STAFF)


@approvals.handler(ApprovalAction.REMOVE_FACTORS)
def remove_factors(approval: Approval, *, is_approved: bool, now: datetime) -> None:
    if is_approved:
        services.remove_second_factors(approval.user)
        record_access(
            customer=approval.user,
            staff=approval.requested_by,
            action=AccessAction.CHANGE,
            what="mfa.authenticator",
            reason=approval.reason,
            now=now,
        )
