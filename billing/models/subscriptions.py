"""Subscriptions of customers to plans."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Greatest

from billing.models.pending_changes import PENDING_RULE, PendingChange
from billing.models.plans import SubscriptionPlan
from billing.models.subscription_charges import CHARGE_RULES, CHARGED_AMOUNTS, TABLE, SubscriptionCharges
from core.changes.triggers import Related, log_related
from core.models.base import OwnedModel, OwnedQuerySet
from core.models.constraints import rule
from core.models.derived import Derived
from core.models.fields import ChoiceField
from core.postgres.expressions import ClockNow, first_of, whole_days
from core.privacy.declarations import ErasureBlocker, recorded
from core.privacy.masks import personal


class SubscriptionStatus(models.TextChoices):
    """Stripe's statuses of a subscription."""

    INCOMPLETE = "incomplete"
    INCOMPLETE_EXPIRED = "incomplete_expired"
    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    CANCELED = "canceled"
    UNPAID = "unpaid"
    PAUSED = "paused"


# A customer has at most one running subscription.
RUNNING = (
    SubscriptionStatus.TRIALING,
    SubscriptionStatus.ACTIVE,
    SubscriptionStatus.PAST_DUE,
    SubscriptionStatus.UNPAID,
    SubscriptionStatus.PAUSED,
)
ACTIVE = (SubscriptionStatus.TRIALING, SubscriptionStatus.ACTIVE)
IS_RUNNING, IS_ACTIVE, IS_LOCAL = Q(status__in=RUNNING), Q(status__in=ACTIVE), Q(stripe_subscription_id="")
GOES_ON = Q(cancel_at_period_end=False) & (Q(cancel_at__isnull=True) | Q(cancel_at__gt=F("current_period_end")))
IS_RENEWING = IS_RUNNING & GOES_ON & Q(current_period_end__isnull=False)
ENDS_BEFORE_START = "The end must be after the start."
ENDED_WHILE_RUNNING = "Only a subscription that has ended has an end."

STILL_PAID = ErasureBlocker(
    rows=IS_RUNNING & ~IS_LOCAL & GOES_ON & Q(plan__price__gt=0),
    code="subscription_running",
    remedy="A paid subscription is running. Cancel it first (POST /api/v1/billing/subscriptions/{id}/cancel/), "
    "or ask support to end it.",
)


PERIOD_RULES = (
    rule(f"{TABLE}_current_period_end_after_start", Q(current_period_end__gt=F("current_period_start")), ENDS_BEFORE_START),
    rule(f"{TABLE}_trial_end_after_start", Q(trial_end__gt=F("trial_start")), ENDS_BEFORE_START),
    rule(f"{TABLE}_ended_at_when_ended", Q(ended_at__isnull=True) | ~IS_RUNNING, ENDED_WHILE_RUNNING),
)

ACCESS = Related("billing_featureaccess")  # whose uses are counted in the months of the billing period
log_access = log_related(ACCESS, columns=("status", "current_period_start", "current_period_end"))


class SubscriptionQuerySet(OwnedQuerySet):
    def running(self) -> "SubscriptionQuerySet":
        """Return the subscriptions that have begun and not ended; a customer has at most one."""
        return self.filter(IS_RUNNING)

    def active(self) -> "SubscriptionQuerySet":
        """Return the subscriptions that are trialing or active."""
        return self.filter(IS_ACTIVE)

    def local_past_period_end(self, now: datetime) -> "SubscriptionQuerySet":
        """Return the local subscriptions to renew or end, because their trial or period is over."""
        tried = Q(status=SubscriptionStatus.TRIALING, trial_end__lte=now)
        renews_or_ends = Q(status=SubscriptionStatus.ACTIVE) | Q(cancel_at_period_end=True)
        return self.filter(tried | renews_or_ends & Q(current_period_end__lte=now), IS_LOCAL, IS_RUNNING)


class Subscription(SubscriptionCharges, PendingChange, OwnedModel):
    """One customer's subscription to a plan. Once it has a Stripe ID, only Stripe changes it."""

    # The index begins with the plan, not the owner, because deleting a plan queries its subscriptions
    plan = models.ForeignKey(SubscriptionPlan, models.PROTECT, related_name="subscriptions", help_text="The id of its plan.")
    stripe_subscription_id = models.CharField(max_length=255, blank=True, help_text="Stripe's id; empty if staff granted it.")
    stripe_customer_id = models.CharField(
        max_length=255, blank=True, help_text="Stripe's id of the customer; empty if granted."
    )
    unknown_price_id = models.CharField(
        max_length=255,
        blank=True,
        help_text="The price at Stripe if it belongs to no plan, else empty. Such a subscription grants no access, and `plan` "
        "is the last known one.",
    )
    status = ChoiceField(
        SubscriptionStatus, max_length=50, help_text="Trialing and active grant access, past_due only for a grace period."
    )
    current_period_start = models.DateTimeField(null=True, blank=True, help_text="Start of the current billing period.")
    current_period_end = models.DateTimeField(null=True, blank=True, help_text="When the subscription renews or ends.")
    cancel_at_period_end = models.BooleanField(default=False, help_text="True if it ends at the end of its period.")
    cancel_at = models.DateTimeField(
        null=True, blank=True, help_text="When it will end or has ended by a cancellation; empty (null) if no end is set."
    )
    canceled_at = models.DateTimeField(null=True, blank=True, help_text="When it was canceled, which may be before it ends.")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When it ended. Empty (null) while it runs.")
    trial_start = models.DateTimeField(null=True, blank=True, help_text="Start of the trial. Empty (null) without a trial.")
    trial_end = models.DateTimeField(null=True, blank=True, help_text="End of the trial. Empty (null) without a trial.")

    privacy = recorded("the plans that the customer subscribed to", blocker=STILL_PAID)
    personal_fields = personal("payment_url", "stripe_customer_id", "stripe_subscription_id", *CHARGED_AMOUNTS)

    class Meta(OwnedModel.Meta):
        triggers = [*OwnedModel.Meta.triggers, *log_access]
        constraints = [
            models.UniqueConstraint(fields=["user", "id"], name=f"{TABLE}_owner"),
            models.UniqueConstraint(
                fields=["user"],
                condition=IS_RUNNING,
                name=f"{TABLE}_status_one_running",
                violation_error_message="This customer already has a running subscription. End it first.",
            ),
            models.UniqueConstraint(
                fields=["stripe_subscription_id"],
                condition=~IS_LOCAL,
                name=f"{TABLE}_stripe_subscription_id_unique",
                violation_error_message="This Stripe subscription already exists.",
            ),
            *PERIOD_RULES,
            *CHARGE_RULES,
            PENDING_RULE,
        ]
        # for the hourly job
        indexes = [models.Index(fields=["user"], condition=IS_LOCAL & IS_RUNNING, name="billing_sub_local")]

    objects = SubscriptionQuerySet.as_manager()  # type: ignore[misc]  # narrower than its base's

    def __str__(self) -> str:
        return f"{self.get_status_display()}, since {self.began_at:%Y-%m-%d}"

    def clean(self) -> None:
        super().clean()
        for name, start, end in (
            ("current_period_end", self.current_period_start, self.current_period_end),
            ("trial_end", self.trial_start, self.trial_end),
        ):
            if start is not None and end is not None and end <= start:
                raise ValidationError({name: ENDS_BEFORE_START}, "ends_before_start")
        if self.ended_at is not None and self.is_running:
            raise ValidationError({"ended_at": ENDED_WHILE_RUNNING}, "still_running")

    is_active = Derived(IS_ACTIVE, help_text="True if the status is `trialing` or `active`.")
    is_trial = Derived(
        Q(status=SubscriptionStatus.TRIALING, trial_end__gt=ClockNow()),
        help_text="True during the trial, before the first payment.",
    )
    days_until_renewal = Derived(
        first_of((IS_RENEWING, Greatest(whole_days(ClockNow(), F("current_period_end")), Value(0)))),
        models.IntegerField(null=True),
        help_text="Whole days until the next period; 0 when it is due, null if the subscription does not renew.",
    )

    @property
    def is_running(self) -> bool:
        """True if the subscription has begun and not ended."""
        return self.status in RUNNING

    @property
    def is_local(self) -> bool:
        """True if Stripe does not manage the subscription: staff granted it, and it is free."""
        return not self.stripe_subscription_id

    @property
    def began_at(self) -> datetime:
        """The start of the trial or, without a trial, the instant when the subscription was recorded."""
        return self.trial_start or self.created_at

    @property
    def runs_until(self) -> datetime | None:
        """The end of the current period, or of the trial if there is no period yet."""
        return self.current_period_end or self.trial_end

    @property
    def ends_at(self) -> datetime | None:
        """The instant for which its end is set, which may be after several renewals; None if no end is set."""
        return self.cancel_at or (self.runs_until if self.cancel_at_period_end else None)

    @property
    def is_ending(self) -> bool:
        """True if it ends with or within its period, so that it does not renew."""
        ends_at, period_end = self.ends_at, self.runs_until
        return ends_at is not None and (period_end is None or ends_at <= period_end)

    @property
    def access_ends_at(self) -> datetime | None:
        """The known end of access: the end of the trial, or of a subscription that will not renew; otherwise None."""
        ends_at = self.ends_at if self.is_ending else None
        if self.status == SubscriptionStatus.TRIALING and self.trial_end is not None:
            return min(self.trial_end, ends_at or self.trial_end)
        return ends_at
