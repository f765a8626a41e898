"""Approvals: actions on customers' accounts and money that a second staff member must decide."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q

from core.models.base import OwnedModel, OwnedQuerySet, staff_foreign_key
from core.models.constraints import rule
from core.models.fields import ChoiceField, NonBlankCharField
from core.privacy.declarations import Erase, Privacy, Restore

TABLE = "users_approval"


class ApprovalAction(models.TextChoices):
    ERASE = "erase", "erase the account"
    REMOVE_FACTORS = "remove_factors", "remove the second factors"
    REFUND = "refund", "refund"


class ApprovalState(models.TextChoices):
    WAITING = "waiting"
    APPROVED = "approved"
    DECLINED = "declined"
    EXPIRED = "expired"


DECIDED = [ApprovalState.APPROVED, ApprovalState.DECLINED]


class ApprovalQuerySet(OwnedQuerySet):
    def overdue_at(self, now: datetime) -> Self:
        """Return the approvals that have expired at `now` and do not say so yet."""
        return self.filter(state=ApprovalState.WAITING, expires_at__lte=now)


class Approval(OwnedModel):
    """A staff member's request for an action on the account of `user`, and the decision of a second one.

    `subject_id` is the key of the row that the action is about, such as a refund, or of the account itself.
    """

    action = ChoiceField(ApprovalAction, max_length=20, editable=False)
    subject_id = models.UUIDField(editable=False)
    reason = NonBlankCharField(max_length=500)
    requested_by = staff_foreign_key()
    expires_at = models.DateTimeField()
    state = ChoiceField(ApprovalState, max_length=20, default=ApprovalState.WAITING)
    decided_by = staff_foreign_key(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    privacy = Privacy(
        export=True,
        erase=Erase.ANONYMIZE,
        restore=Restore.NEVER,
        reason="proof of who requested and approved an erasure, a refund or the removal of second factors",
        withheld=("requested_by", "decided_by"),
        blank={"reason": "erased"},
    )

    class Meta(OwnedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["user", "action", "subject_id"],
                condition=Q(state=ApprovalState.WAITING),
                name=f"{TABLE}_action_one_waiting",
                violation_error_message="This was already requested and waits for a decision.",
            ),
            rule(
                f"{TABLE}_decided_by_a_second_person",
                ~Q(decided_by=F("requested_by")),
                "The staff member who requested this can't decide it.",
            ),
            rule(
                f"{TABLE}_decided_at_matches_state",
                Q(state__in=DECIDED, decided_at__isnull=False)
                | ~Q(state__in=DECIDED) & Q(decided_by__isnull=True, decided_at__isnull=True),
                "Only an approved or declined request has a decision.",
            ),
        ]
        indexes = [models.Index(fields=["user", "-created_at", "-id"], name="users_approval_newest")]

    objects = ApprovalQuerySet.as_manager()  # type: ignore[misc]  # narrower than its base's

    def __str__(self) -> str:
        return f"{self.get_action_display()} ({self.state})"
