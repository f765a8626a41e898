"""What the product tells its users: one of them, or, as a broadcast, everybody.

A customer's own alert keeps in its columns whether he read it and what he did. A broadcast is one row for all, so each user's
reading of it is an `AlertReceipt` of his; `AlertQuerySet.for_user` brings both together.
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

# What a user himself has read and done, by the names of the columns that it stands for. Receipts are of broadcasts only, and a
# broadcast's own columns stay empty, so that the one that is there counts.
READING: dict[str, Any] = {
    "is_read": true_when(Q(receipt__isnull=False) | Q(is_read=True)),
    "read_at": Coalesce("receipt__read_at", "read_at"),
    "action_taken": Coalesce("receipt__action_taken", "action_taken"),
    "action_notes": Coalesce("receipt__action_notes", "action_notes"),
    "updated_at": Greatest("receipt__updated_at", "updated_at"),
}


def days_passed(first: Any, second: Any) -> Greatest:
    """Return whole days from one instant to another, not below 0; both must be known."""
    return Greatest(whole_days(first, second), 0)


def priority(is_read: str) -> Greatest:
    """Return the priority score; `is_read` names the column that says whether the alert was read."""
    severity = first_of(*((Q(severity=name), weight) for name, weight in WEIGHTS.items()), default=0)
    unread = first_of((Q(**{is_read: False}), 1), default=0)
    required = first_of((Q(action_required=True), 2), default=0)
    old = first_of((Q(GreaterThan(days_passed(F("created_at"), ClockNow()), OLD_AFTER_DAYS)), 1), default=0)
    return Greatest(severity + unread + required - old, 1)


class AlertQuerySet(OwnedQuerySet):
    """Alerts and broadcasts."""

    def for_user(self, user: Any) -> Self:
        """A user's own alerts and the broadcasts, with what he himself has read and done as `own_is_read`, `own_read_at`, …"""
        # SECURITY: the receipts are his alone; another user's reading would show through else
        own = FilteredRelation("receipts", condition=Q(receipts__user=user.pk))
        seen = {f"own_{name}": expression for name, expression in READING.items()}
        rows = self.filter(Q(user=user.pk) | Q(user__isnull=True)).alias(receipt=own).annotate(**seen)
        return rows.alias(priority_score=priority("own_is_read"))

    def broadcasts(self) -> Self:
        """What everybody is told."""
        return self.filter(user__isnull=True)


class SystemAlert(BaseModel):
    """Something that one user, or everybody, should know."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="systemalert_set",
        null=True,
        blank=True,
        editable=False,
        db_index=False,
    )
    alert_type = ChoiceField(AlertType, max_length=50)
    severity = ChoiceField(Severity, max_length=20)
    title = NonBlankCharField(max_length=255)
    message = NonBlankTextField()
    is_read = models.BooleanField(default=False)
    read_at = models.DateTimeField(null=True, blank=True)
    action_required = models.BooleanField(default=False)
    action_taken = models.BooleanField(default=False)
    action_notes = models.TextField(blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    owner_path: ClassVar[str] = "user"
    privacy = recorded("what the service told him", is_replaced=True)
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
                "A broadcast is read by each user for himself; the broadcast itself stays unread.",
            ),
        ]
        indexes = [models.Index(fields=["user", "-created_at", "-id"], name="system_alert_newest")]

    objects = AlertQuerySet.as_manager()

    def __str__(self) -> str:
        return self.title

    is_expired = Derived(IS_EXPIRED, help_text="Whether its time is over; an alert without an end never expires.")
    is_active = Derived(~IS_EXPIRED, help_text="Whether it still holds: it has not expired, read or not.")
    days_until_expiry = Derived(
        first_of((Q(expires_at__isnull=False), days_passed(ClockNow(), F("expires_at")))),
        models.IntegerField(null=True),
        help_text="Whole days (of 24 hours) until it expires: 0 on the last one and afterwards; None when it never does.",
    )
    age_days = Derived(
        days_passed(F("created_at"), ClockNow()), models.IntegerField(), help_text="Whole days (of 24 hours) since it was sent."
    )
    priority_score = Derived(
        priority("is_read"),
        models.IntegerField(),
        help_text=(
            "1 to 7: low 1 to critical 4, +1 unread, +2 when action is required, -1 (not below 1) when older than 7 days."
        ),
    )

    def as_seen_by_user(self) -> Self:
        """A row of `for_user` as that user sees it: what he himself has read and done. Not to be saved."""
        for name in READING:
            setattr(self, name, getattr(self, f"own_{name}"))
        return self

    @property
    def is_broadcast(self) -> bool:
        """Whether everybody is told."""
        return self.user_id is None


class AlertReceipt(OwnedModel):
    """That one user has read a broadcast, when, and what he did about it."""

    # Kept by an immediate foreign key of migration 0002: the deferred one would fail at the commit, where nobody answers any
    # more. Indexed by itself, too: a broadcast that is deleted must not search everybody's receipts.
    alert = models.ForeignKey(SystemAlert, on_delete=models.CASCADE, related_name="receipts", db_constraint=False)
    read_at = models.DateTimeField()
    action_taken = models.BooleanField(default=False)
    action_notes = models.TextField(blank=True)

    privacy = recorded("which broadcasts he has read", is_replaced=True)
    personal_fields = personal("action_notes")

    class Meta(OwnedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["user", "alert"],
                name="system_alertreceipt_alert_unique",
                violation_error_message="This user has read this broadcast already.",
            )
        ]

    def __str__(self) -> str:
        return f"read {self.read_at:%Y-%m-%d %H:%M}"
