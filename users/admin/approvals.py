"""Requests that a second staff member must decide, in the back office."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from core import clock
from core.admin import BY_CUSTOMER, HiddenActionsMixin, OwnedReadOnlyAdmin, column, confirmed_action, display
from users import approvals
from users.admin.support_actions import is_staff_account
from users.models import Approval
from users.models.approval import ApprovalState

APPROVAL_COLORS = {"waiting": "warning", "approved": "success", "declined": "default", "expired": "default"}


@admin.register(Approval)
class ApprovalAdmin(HiddenActionsMixin, OwnedReadOnlyAdmin):
    """Requests and their decisions. Staff see the actions that they may decide, and can't decide their own requests."""

    list_display = ("created_at", "owner", "act", "standing", "reason", "requested_by", "expires_at", "decided_by")
    list_filter = (BY_CUSTOMER, ("state", ChoicesDropdownFilter), ("action", ChoicesDropdownFilter))
    list_select_related = ("user", "requested_by", "decided_by")
    search_fields = ("reason",)
    ordering_for_customer = ("-created_at", "-id")
    fields = ("act", "standing", "reason", "requested_by", "created_at", "expires_at", "decided_by", "decided_at")
    csv_columns = (
        "id",
        "user__email",
        "action",
        "state",
        "reason",
        "requested_by__email",
        "created_at",
        "expires_at",
        "decided_by__email",
        "decided_at",
    )
    actions_detail = ("approve", "decline")

    act = column("get_action_display", "action", show=lambda name: name())

    @display(description="state", label=APPROVAL_COLORS)
    def standing(self, row: Approval) -> str:
        is_overdue = row.state == ApprovalState.WAITING and row.expires_at <= clock.now()
        return str(ApprovalState.EXPIRED if is_overdue else row.state)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(action__in=approvals.decidable_actions(request.user))

    def has_decide_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return True if the staff member may decide this request; without `obj`, if they may decide any."""
        may_decide = approvals.decidable_actions(request.user)
        if not isinstance(obj, Approval):
            return request.user.has_perm("users.help_approval") and bool(may_decide)
        # SECURITY: only administrators change staff accounts
        return obj.action in may_decide and (request.user.is_superuser or not is_staff_account(obj.user))

    def hidden_actions(self, request: HttpRequest, row: Any) -> set[str]:
        is_waiting = row.state == ApprovalState.WAITING and row.expires_at > clock.now()
        return set() if is_waiting and row.requested_by_id != request.user.pk else {"approve", "decline"}

    @confirmed_action(
        title="Approve",
        description="The action is carried out at once. Check the reason first.",
        icon="task_alt",
        permission="decide",
    )
    def approve(self, request: HttpRequest, row: Approval) -> None:
        staff_member: Any = request.user
        approvals.decide(row, is_approved=True, by=staff_member, now=clock.now())

    @confirmed_action(title="Decline", description="Nothing changes.", icon="block", permission="decide")
    def decline(self, request: HttpRequest, row: Approval) -> None:
        staff_member: Any = request.user
        approvals.decide(row, is_approved=False, by=staff_member, now=clock.now())
