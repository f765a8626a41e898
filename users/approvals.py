"""Decisions of a second staff member, without which an action on a customer's account or money is not carried out.

An app requests an approval with `request`, and declares with `handler` what a decision does. No staff member can decide their
own request, or one about their own account. A request expires after `settings.APPROVAL_HOURS`.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.db import transaction

from core import rls
from core.errors import ConflictError, DomainError
from users.models import Approval, User
from users.models.approval import ApprovalAction, ApprovalState

# the permission to decide each action; no role has users.erase_user, so that only administrators can
PERMISSIONS = {
    ApprovalAction.ERASE: "users.erase_user",
    ApprovalAction.REMOVE_FACTORS: "users.help_user",
    ApprovalAction.REFUND: "billing.help_adjustment",
}


class Handler(Protocol):
    """A function that carries out an approved action, or cancels a declined or expired one."""

    def __call__(self, approval: Approval, *, is_approved: bool, now: datetime) -> None: ...


_handlers: dict[str, Handler] = {}


def handler(action: ApprovalAction) -> Callable[[Handler], Handler]:
    """Register the function for the decisions about an action."""

    def register(function: Handler) -> Handler:
        _handlers[action] = function
        return function

    return register


def decidable_actions(staff: Any) -> list[ApprovalAction]:
    """Return the actions that a staff member may decide if another one requests them."""
    return [action for action, permission in PERMISSIONS.items() if staff.has_perm(permission)]


@transaction.atomic
def request(*, user: Any, action: ApprovalAction, subject_id: UUID, reason: str, by: Any, now: datetime) -> Approval:
    """Request an action on the account of `user`. Raise ConflictError if the same request already waits."""
    for overdue in Approval.objects.for_user(user).overdue_at(now).filter(action=action, subject_id=subject_id):
        _expire(overdue, now=now)
    expires_at = now + timedelta(hours=settings.APPROVAL_HOURS)
    row = Approval(user=user, action=action, subject_id=subject_id, reason=reason, requested_by=by, expires_at=expires_at)
    # the unique constraint decides, because two staff members may request the same at once
    [created] = Approval.objects.bulk_create([row], ignore_conflicts=True)
    if not Approval.objects.filter(pk=created.pk).exists():
        sentence = "This was already requested. Another staff member must decide it on the page Approvals."
        raise ConflictError("already_requested", sentence)
    return created


@transaction.atomic
def decide(approval: Approval, *, is_approved: bool, by: User, now: datetime) -> Approval:
    """Approve or decline a request, and carry out or cancel its action in the same transaction.

    Raise ConflictError if it does not await a decision, and DomainError (403) for the staff member who requested it.
    """
    row = Approval.objects.select_for_update(of=("self",)).select_related("user").get(pk=approval.pk)
    if row.state != ApprovalState.WAITING or row.expires_at <= now:
        state = ApprovalState.EXPIRED if row.state == ApprovalState.WAITING else row.state
        raise ConflictError("not_awaiting_approval", f"This request does not await approval. Its status is {state}.")
    if by.pk in (row.requested_by_id, row.user_id):
        sentence = "You requested this, or it concerns your own account. Another staff member must decide."
        raise DomainError("needs_second_person", sentence, status=403)
    row.state = ApprovalState.APPROVED if is_approved else ApprovalState.DECLINED
    row.decided_by, row.decided_at = by, now
    row.save(update_fields=["state", "decided_by", "decided_at"])
    with rls.as_staff(reason=row.reason):  # the audit log shows the reason beside the changes
        _handlers[row.action](row, is_approved=is_approved, now=now)
    return row


def expire_requests(*, now: datetime) -> int:
    """Cancel the requests that no staff member has decided in time, each in its own transaction. Return their number."""
    overdue = list(Approval.objects.overdue_at(now))
    return sum(_expire(row, now=now) for row in overdue)


@transaction.atomic
def _expire(approval: Approval, *, now: datetime) -> bool:
    row = Approval.objects.overdue_at(now).select_for_update().filter(pk=approval.pk).first()
    if row is None:  # decided or expired in the meantime
        return False
    row.state = ApprovalState.EXPIRED
    row.save(update_fields=["state"])
    _handlers[row.action](row, is_approved=False, now=now)
    return True
