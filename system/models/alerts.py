"""Alerts for one user, and broadcasts to all users.

The columns of an alert for one user store its read state and action. A broadcast is one row for all users, so each user has
an `AlertReceipt` for it. `AlertQuerySet.for_user` combines both.
"""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, FilteredRelation, Q
from django.db.models.functions import Coalesce, Greatest
from django.db.models.lookups import GreaterThan

from core.models.base import BaseModel, OwnedModel, OwnedQuerySet
from core.models.constraints import rule, together
from core.models.derived import Derived
from core.models.fields import ChoiceField, NonBlankCharField, NonBlankTextField
from core.postgres.expressions import ClockNow, first_of, true_when, whole_days
from core.privacy.declarations import recorded
from core.privacy.masks import initials, personal

TABLE = "system_systemalert"
OLD_AFTER_DAYS = 7


class AlertType(models.TextChoices):
    SECURITY = "security"
    PERFORMANCE = "performance"
    MAINTENANCE = "maintenance"
    USER = "user"
    BILLING = "billing"
    FEATURE = "feature"


class Severity(models.TextChoices):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


WEIGHTS = {Severity.LOW: 1, Severity.MEDIUM: 2, Severity.HIGH: 3, Severity.CRITICAL: 4}

IS_EXPIRED = Q(expires_at__lte=ClockNow())

# A user's read state and action, by the column that each expression replaces. Receipts exist only for broadcasts, and a
# broadcast's own columns stay empty, so at most one of the two has a value.
PER_USER_COLUMNS: dict[str, Any] = {
    "is_read": true_when(Q(receipt__isnull=False) | Q(is_read=True)),
    "read_at": Coalesce("receipt__read_at", "read_at"),
    "action_taken": Coalesce("receipt__action_taken", "action_taken"),
    "action_notes": Coalesce("receipt__action_notes", "action_notes"),
    "updated_at": Greatest("receipt__updated_at", "updated_at"),
}


def days_passed(first: Any, second: Any) -> Greatest:
    """Return the whole days from one instant to another, at least 0. Neither may be NULL."""
    return Greatest(whole_days(first, second), 0)


def priority(is_read: str) -> Greatest:
    """Return the priority score. `is_read` is the name of the column that is true for a read alert."""
    severity = first_of(*((Q(severity=name), weight) for name, weight in WEIGHTS.items()), default=0)
    unread = first_of((Q(**{is_read: False}), 1), default=0)
    required = first_of((Q(action_required=True), 2), default=0)
    old = first_of((Q(GreaterThan(days_passed(F("created_at"), ClockNow()), OLD_AFTER_DAYS)), 1), default=0)
    return Greatest(severity + unread + required - old, 1)


class AlertQuerySet(OwnedQuerySet):
    def for_user(self, user: Any) -> Self:
        """Return a user's alerts and the broadcasts, with that user's read state in `own_is_read` and other `own_` columns."""
        # SECURITY: without the condition, the receipts of other users would be returned
        own = FilteredRelation("receipts", condition=Q(receipts__user=user.pk))
        seen = {f"own_{name}": expression for name, expression in PER_USER_COLUMNS.items()}
        rows = self.filter(Q(user=user.pk) | Q(user__isnull=True)).alias(receipt=own).annotate(**seen)
        return rows.alias(priority_score=priority("own_is_read"))

    def broadcasts(self) -> Self:
        return self.filter(user__isnull=True)


class SystemAlert(BaseModel):
    """An alert for one user, or a broadcast to all users."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="systemalert_set",
        null=True,
        blank=True,
        editable=False,
        db_index=False,
    )
    alert_type = ChoiceField(AlertType, max_length=50, help_text="What the alert is about.")
    severity = ChoiceField(Severity, max_length=20, help_text="How urgent the alert is.")
    title = NonBlankCharField(max_length=255, help_text="The alert in one line, as plain text.")
    message = NonBlankTextField(help_text="The whole alert, as plain text that may have several lines.")
    is_read = models.BooleanField(default=False, help_text="True if the user has read it.")
    read_at = models.DateTimeField(null=True, blank=True, help_text="When it was first read. Empty (null) if unread.")
    action_required = models.BooleanField(default=False, help_text="True if the user must act on the alert.")
    action_taken = models.BooleanField(default=False, help_text="True if the user has taken the required action.")
    action_notes = models.TextField(blank=True, help_text="The action taken, in the user's words.")
    expires_at = models.DateTimeField(null=True, blank=True, help_text="When the alert expires. Null: never.")

    owner_path: ClassVar[str] = "user"
    privacy = recorded("messages from the service to the customer", is_replaced=True)
    personal_fields = personal("message", "action_notes", title=initials)

    class Meta(BaseModel.Meta):
        verbose_name = "alert"
        constraints = [
            together(TABLE, "is_read", "read_at"),
            rule(
                f"{TABLE}_action_taken_required",
                Q(action_taken=False) | Q(action_required=True),
                "There is no action to take on this alert.",
            ),
            rule(
                f"{TABLE}_is_read_by_each",
                Q(user__isnull=False) | Q(is_read=False, action_taken=False, action_notes=""),
                "A broadcast must stay unread and without action, because each user has a receipt for it.",
            ),
        ]
        indexes = [models.Index(fields=["user", "-created_at", "-id"], name="system_alert_newest")]

    objects = AlertQuerySet.as_manager()

    def __str__(self) -> str:
        return self.title

    is_expired = Derived(IS_EXPIRED, help_text="True if `expires_at` has passed. An alert without `expires_at` never expires.")
    is_active = Derived(~IS_EXPIRED, help_text="True if the alert has not expired, whether or not it was read.")
    days_until_expiry = Derived(
        first_of((Q(expires_at__isnull=False), days_passed(ClockNow(), F("expires_at")))),
        models.IntegerField(null=True),
        help_text="Whole days (of 24 hours) until it expires, 0 on the last day and afterwards; null if it never expires.",
    )
    age_days = Derived(
        days_passed(F("created_at"), ClockNow()), models.IntegerField(), help_text="Whole days (of 24 hours) since it was sent."
    )
    priority_score = Derived(
        priority("is_read"),
        models.IntegerField(),
        help_text=(
            "1 to 7: severity 1 (low) to 4 (critical), +1 if unread, +2 if action is required, -1 (minimum 1) after 7 days."
        ),
    )

    def as_seen_by_user(self) -> Self:
        """Return a row of `for_user` with that user's read state in its columns. It must not be saved."""
        for name in PER_USER_COLUMNS:
            setattr(self, name, getattr(self, f"own_{name}"))
        return self

    @property
    def is_broadcast(self) -> bool:
        """True if the alert is for all users."""
        return self.user_id is None


class AlertReceipt(OwnedModel):
    """A user's receipt of a broadcast: the time of reading and the action taken."""

    # Migration 0001 adds an immediate foreign key. Django's is deferred and fails at the commit, when it is too late for an
    # error response. The index serves the deletion of a broadcast, which would otherwise scan the receipts of all users.
    alert = models.ForeignKey(SystemAlert, on_delete=models.CASCADE, related_name="receipts", db_constraint=False)
    read_at = models.DateTimeField()
    action_taken = models.BooleanField(default=False)
    action_notes = models.TextField(blank=True)

    privacy = recorded("the broadcasts that the customer has read", is_replaced=True)
    personal_fields = personal("action_notes")

    class Meta(OwnedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["user", "alert"],
                name="system_alertreceipt_alert_unique",
                violation_error_message="This user has already read this broadcast.",
            )
        ]

    def __str__(self) -> str:
        return f"read {self.read_at:%Y-%m-%d %H:%M}"
