"""The fields of subscriptions that hold a change which waits for its payment."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from billing.models.plans import SubscriptionPlan
from core.models.constraints import rule

PENDING_WITHOUT_END = "A plan that waits for its payment must have pending_until."
PENDING_RULE = rule(
    "billing_subscription_pending_until_of_pending_plan",
    Q(pending_plan__isnull=True) | Q(pending_until__isnull=False),
    PENDING_WITHOUT_END,
)


class PendingChange(models.Model):
    """A plan change or a resumption that takes effect when it is paid, and is discarded at `pending_until`."""

    pending_plan = models.ForeignKey(
        SubscriptionPlan,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,  # only the rare deletion of a plan queries it
        related_name="+",
        help_text="Plan to which the subscription moves when the change is paid at payment_url; null if no change waits.",
    )
    pending_until = models.DateTimeField(
        null=True, blank=True, help_text="When a plan change or a resumption that waits for its payment is discarded."
    )
    payment_url = models.CharField(
        max_length=2_000, blank=True, help_text="Stripe's page to pay or confirm the open invoice; empty if none is to be paid."
    )

    class Meta:
        abstract = True

    def clean(self) -> None:
        super().clean()
        if self.pending_plan_id is not None and self.pending_until is None:
            raise ValidationError({"pending_until": PENDING_WITHOUT_END}, "not_set")
