"""Requests of customers to leave, with their reason and outcome."""

from django.db import models
from django.db.models import Q

from billing.models.subscriptions import Subscription
from core.models.base import OwnedModel, same_owner_foreign_key
from core.models.constraints import rule
from core.models.fields import BoundedIntegerField, ChoiceField
from core.privacy.declarations import recorded
from core.privacy.masks import personal

TABLE = "billing_cancellation"
MAX_COMMENT_LENGTH = 1_000
PAUSED_ONCE = "A subscription can be paused once in a calendar year."
FIELDS_OF_PAUSES = "A pause has the year in which it began and the time at which it ends; nothing else has them."


class CancellationReason(models.TextChoices):
    """Stripe's values of `cancellation_details.feedback`."""

    TOO_EXPENSIVE = "too_expensive"
    MISSING_FEATURES = "missing_features"
    SWITCHED_SERVICE = "switched_service"
    UNUSED = "unused"
    CUSTOMER_SERVICE = "customer_service"
    TOO_COMPLEX = "too_complex"
    LOW_QUALITY = "low_quality"
    OTHER = "other"


class CancellationOutcome(models.TextChoices):
    """The outcome of a request to leave. LEAVING is a cancellation that has not taken effect yet."""

    LEAVING = "leaving"
    LEFT = "left"
    STAYED = "stayed"
    PAUSED = "paused"
    MOVED = "moved", "moved to a cheaper plan"


IS_LEAVING, IS_PAUSE = Q(outcome=CancellationOutcome.LEAVING), Q(outcome=CancellationOutcome.PAUSED)


class Cancellation(OwnedModel):
    """One request: a cancellation, or what the customer chose instead of one. `reason` and `comment` are voluntary."""

    subscription = same_owner_foreign_key(Subscription, on_delete=models.CASCADE, related_name="cancellations")
    requested_at = models.DateTimeField()
    reason = ChoiceField(CancellationReason, max_length=30, blank=True, help_text="Empty if the customer gave none.")
    comment = models.CharField(max_length=MAX_COMMENT_LENGTH, blank=True, help_text="In the customer's own words.")
    outcome = ChoiceField(CancellationOutcome, max_length=20)
    pause_year = BoundedIntegerField(
        min=2020, null=True, blank=True, help_text="Year in which a pause began, in the customer's time zone."
    )
    resumes_at = models.DateTimeField(null=True, blank=True, help_text="When a pause ends by itself.")
    resumed_at = models.DateTimeField(
        null=True, blank=True, help_text="When a pause ended, or when its end was tried without a payment method."
    )

    privacy = recorded("why the customer wanted to leave, and what they did instead")
    personal_fields = personal("comment")

    class Meta(OwnedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["user", "subscription"],
                condition=IS_LEAVING,
                name=f"{TABLE}_outcome_one_open",
                violation_error_message="This subscription is canceled already.",
            ),
            models.UniqueConstraint(
                fields=["user", "pause_year"], name=f"{TABLE}_pause_year_once", violation_error_message=PAUSED_ONCE
            ),
            rule(
                f"{TABLE}_pause_year_of_pauses",
                IS_PAUSE & Q(pause_year__isnull=False, resumes_at__isnull=False)
                | ~IS_PAUSE & Q(pause_year__isnull=True, resumes_at__isnull=True, resumed_at__isnull=True),
                FIELDS_OF_PAUSES,
            ),
        ]
        indexes = [models.Index(fields=["user", "-requested_at", "-id"], name="billing_cancellation_newest")]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()} {self.requested_at:%Y-%m-%d}"
