"""Who has subscribed to what, and until when."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Greatest

from billing.models.plans import SubscriptionPlan
from core.models.base import OwnedModel, OwnedQuerySet
from core.models.constraints import rule
from core.models.derived import Derived
from core.models.fields import ChoiceField
from core.postgres.expressions import ClockNow, first_of, whole_days
from core.privacy.declarations import ErasureBlocker, recorded
from core.privacy.masks import personal

TABLE = "billing_subscription"


class SubscriptionStatus(models.TextChoices):
    """Stripe's own words."""

    INCOMPLETE = "incomplete"
    INCOMPLETE_EXPIRED = "incomplete_expired"
    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    CANCELED = "canceled"
    UNPAID = "unpaid"
    PAUSED = "paused"


# A customer has at most one that runs; only an active one opens anything.
RUNNING = (
    SubscriptionStatus.TRIALING,
    SubscriptionStatus.ACTIVE,
    SubscriptionStatus.PAST_DUE,
    SubscriptionStatus.UNPAID,
    SubscriptionStatus.PAUSED,
)
ACTIVE = (SubscriptionStatus.TRIALING, SubscriptionStatus.ACTIVE)
IS_RUNNING, IS_ACTIVE, IS_LOCAL = Q(status__in=RUNNING), Q(status__in=ACTIVE), Q(stripe_subscription_id="")
IS_RENEWING = IS_RUNNING & Q(cancel_at_period_end=False, current_period_end__isnull=False)


STILL_PAID = ErasureBlocker(
    rows=IS_RUNNING & ~IS_LOCAL & Q(cancel_at_period_end=False, plan__price__gt=0),
    code="subscription_running",
    remedy="A paid subscription is running. Cancel it first (POST /api/v1/billing/subscriptions/{id}/cancel/), "
    "or ask support to end it.",
)


class SubscriptionQuerySet(OwnedQuerySet):
    """Subscriptions."""

    def running(self) -> "SubscriptionQuerySet":
        """Those that have begun and not ended; a customer has at most one."""
        return self.filter(IS_RUNNING)

    def active(self) -> "SubscriptionQuerySet":
        """Those that open their plan's features."""
        return self.filter(IS_ACTIVE)

    def local_past_period_end(self, now: datetime) -> "SubscriptionQuerySet":
        """Those that Stripe does not keep and that time renews or ends: their trial or period is over."""
        tried = Q(status=SubscriptionStatus.TRIALING, trial_end__lte=now)
        renews_or_ends = Q(status=SubscriptionStatus.ACTIVE) | Q(cancel_at_period_end=True)
        return self.filter(tried | renews_or_ends & Q(current_period_end__lte=now), IS_LOCAL, IS_RUNNING)


class Subscription(OwnedModel):
    """One customer's subscription to a plan. Once it has a Stripe id, Stripe alone changes it."""

    # Whose index begins with the plan, not with the owner: a plan asks whether anybody has it before it is deleted
    plan = models.ForeignKey(SubscriptionPlan, on_delete=models.PROTECT, related_name="subscriptions")
    stripe_subscription_id = models.CharField(max_length=255, blank=True)
    stripe_customer_id = models.CharField(max_length=255, blank=True)
    status = ChoiceField(SubscriptionStatus, max_length=50)
    current_period_start = models.DateTimeField(null=True, blank=True)
    current_period_end = models.DateTimeField(null=True, blank=True)
    cancel_at_period_end = models.BooleanField(default=False)
    canceled_at = models.DateTimeField(null=True, blank=True)
    trial_start = models.DateTimeField(null=True, blank=True)
    trial_end = models.DateTimeField(null=True, blank=True)

    privacy = recorded("what he subscribed to", blocker=STILL_PAID)
    personal_fields = personal("stripe_customer_id", "stripe_subscription_id")

    class Meta(OwnedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["user", "id"], name=f"{TABLE}_owner"),
            models.UniqueConstraint(
                fields=["user"],
                condition=IS_RUNNING,
                name=f"{TABLE}_status_one_running",
                violation_error_message="This customer has a running subscription already. End that one first.",
            ),
            models.UniqueConstraint(
                fields=["stripe_subscription_id"],
                condition=~IS_LOCAL,
                name=f"{TABLE}_stripe_subscription_id_unique",
                violation_error_message="This Stripe subscription is known already.",
            ),
            rule(
                f"{TABLE}_current_period_end_after_start",
                Q(current_period_end__gt=F("current_period_start")),
                "The period must end after it starts.",
            ),
            rule(f"{TABLE}_trial_end_after_start", Q(trial_end__gt=F("trial_start")), "The trial must end after it starts."),
        ]
        indexes = [
            # the few that the hourly job looks through
            models.Index(fields=["user"], condition=IS_LOCAL & IS_RUNNING, name="billing_sub_local"),
        ]

    objects = SubscriptionQuerySet.as_manager()  # type: ignore[misc]  # narrower than its base's

    def __str__(self) -> str:
        return f"{self.get_status_display()}, begun {self.began_at:%Y-%m-%d}"

    def clean(self) -> None:
        """What begins must end later."""
        super().clean()
        for name, start, end in (
            ("current_period_end", self.current_period_start, self.current_period_end),
            ("trial_end", self.trial_start, self.trial_end),
        ):
            if start is not None and end is not None and end <= start:
                raise ValidationError({name: "It must end after it starts."}, "ends_before_start")

    is_active = Derived(IS_ACTIVE)
    is_trial = Derived(
        Q(status=SubscriptionStatus.TRIALING, trial_end__gt=ClockNow()), help_text="Whether nothing has to be paid yet."
    )
    days_until_renewal = Derived(
        first_of((IS_RENEWING, Greatest(whole_days(ClockNow(), F("current_period_end")), Value(0)))),
        models.IntegerField(null=True),
        help_text="Whole days until the next period; None when there will be none, 0 when it is due.",
    )

    @property
    def is_running(self) -> bool:
        """Whether it has begun and not ended."""
        return self.status in RUNNING

    @property
    def is_local(self) -> bool:
        """Whether it is kept here: staff gave it, and nothing is paid for it."""
        return not self.stripe_subscription_id

    @property
    def began_at(self) -> datetime:
        """When it began, with its trial if there was one; of a gift and a purchase without a trial, since when we know it."""
        return self.trial_start or self.created_at

    @property
    def runs_until(self) -> datetime | None:
        """When the present period is over, or the trial where there is no period yet."""
        return self.current_period_end or self.trial_end

    @property
    def access_ends_at(self) -> datetime | None:
        """When what it opens closes by itself: with the trial, or with a period after which it will not renew."""
        if self.status == SubscriptionStatus.TRIALING and self.trial_end is not None:
            return self.trial_end
        return self.runs_until if self.cancel_at_period_end else None
