"""Feature access: the features that a customer can use, with limits and usage counts."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Case, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Greatest

from billing.models.subscriptions import Subscription
from billing.models.usage_periods import EdgeOfMonth, usage_period_start
from billing.usage_periods import UsagePeriod, usage_period
from core.models.base import OwnedModel, OwnedQuerySet
from core.models.constraints import rule
from core.models.derived import Derived
from core.models.fields import BoundedIntegerField, NonBlankCharField
from core.postgres.expressions import ClockNow, first_of
from core.privacy.declarations import recorded

HAS_NO_LIMIT = Q(usage_limit__isnull=True)


def usage_at(now: Any) -> Case:
    """Return an expression for the uses that count at `now`, 0 if their counting month is over."""
    is_over = Q(period_start__lt=usage_period_start(now))
    return Case(When(is_over, then=Value(0)), default=F("usage_count"), output_field=models.IntegerField())


def is_open_at(now: Any) -> Q:
    """Return the condition that a feature is enabled and has not expired at `now`, regardless of its count."""
    return Q(is_enabled=True) & (Q(expires_at__isnull=True) | Q(expires_at__gt=now))


def counted_uses(*, amount: int, now: datetime) -> dict[str, Any]:
    """Return the changes that count `amount` uses, for an UPDATE.

    One UPDATE reads and writes the count, so that concurrent calls never exceed the limit. The first use in a counting month
    resets the count.
    """
    begins = usage_period_start(now)
    is_over = Q(period_start__isnull=True) | Q(period_start__lt=begins)
    period = Case(When(is_over, then=begins), default=F("period_start"))
    return {"usage_count": usage_at(now) + amount, "period_start": period, "last_used_at": now}


class AccessQuerySet(OwnedQuerySet):
    def with_billing_period(self) -> "AccessQuerySet":
        """Annotate the period of the owner's running subscription, which saves a query for each row."""
        running = Subscription.objects.running().filter(user=OuterRef("user"))
        return self.annotate(
            billed_from=Subquery(running.values("current_period_start")[:1]),
            billed_to=Subquery(running.values("current_period_end")[:1]),
        )

    def usable(self, *, amount: int, now: datetime) -> "AccessQuerySet":
        """Return the rows that can be used `amount` more times at `now`."""
        return self.filter(is_open_at(now), HAS_NO_LIMIT | Q(usage_limit__gte=usage_at(now) + amount))

    def give_back(self, *, amount: int, period_start: datetime) -> int:
        """Subtract `amount` from counts of the month that began at `period_start`, and return the number of rows."""
        return self.filter(period_start=period_start).update(usage_count=Greatest(F("usage_count") - amount, Value(0)))


class FeatureAccess(OwnedModel):
    """The access of one customer to one feature, with its expiry, monthly limit and usage count."""

    feature_name = NonBlankCharField(max_length=100, help_text="Name of the feature, such as custom_reports.")
    is_enabled = models.BooleanField(default=True, help_text="True if the feature is granted, up to its limit and expiry.")
    usage_count = BoundedIntegerField(
        min=0, default=0, help_text="Uses in the month that began at period_start. They no longer count when it is over."
    )
    usage_limit = BoundedIntegerField(
        min=0,
        null=True,
        blank=True,
        help_text="Uses per counting month. Unlimited if empty (null); 0 if the plan does not include it.",
    )
    period_start = models.DateTimeField(null=True, blank=True, help_text="Start of the month in which the uses were counted.")
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="When it was last used. Empty (null) if never.")
    expires_at = models.DateTimeField(null=True, blank=True, help_text="When access ends. Empty (null) if no end is known.")
    why = models.TextField(blank=True, help_text="Why the feature is enabled or not, when that was last decided.")

    privacy = recorded("the features that the customer can use, and how often they were used", is_replaced=True)

    class Meta(OwnedModel.Meta):
        verbose_name, verbose_name_plural = "feature access entry", "feature access"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "feature_name"],
                name="billing_featureaccess_feature_name_unique",
                violation_error_message="This customer already has an entry for this feature.",
            ),
            rule(
                "billing_featureaccess_usage_limit_if_disabled",
                Q(is_enabled=True) | Q(usage_limit__isnull=False),
                "A feature that is not enabled can't be unlimited.",
            ),
        ]

    objects = AccessQuerySet.as_manager()  # type: ignore[misc]  # narrower than its base's

    def __str__(self) -> str:
        return self.feature_name

    is_unlimited = Derived(
        is_open_at(ClockNow()) & HAS_NO_LIMIT, help_text="True if the feature can be used now, and has no monthly limit."
    )
    usage_remaining = Derived(
        first_of(
            (is_open_at(ClockNow()) & HAS_NO_LIMIT, None),
            (is_open_at(ClockNow()), Greatest(F("usage_limit") - usage_at(ClockNow()), Value(0))),
            default=0,
        ),
        models.IntegerField(null=True),
        help_text="Uses left in the current counting month; null if unlimited, 0 if the feature can't be used now.",
    )
    resets_at = Derived(
        first_of((is_open_at(ClockNow()) & HAS_NO_LIMIT, None), default=EdgeOfMonth(ClockNow(), 1)),
        models.DateTimeField(null=True),
        help_text="When the usage count is reset to 0; null if usage is unlimited.",
    )
    is_expired = Derived(Q(expires_at__lte=ClockNow()), help_text="True if `expires_at` has passed.")
    can_use = Derived(
        is_open_at(ClockNow()) & (HAS_NO_LIMIT | Q(usage_limit__gt=usage_at(ClockNow()))),
        help_text="True if the feature can be used at least once now.",
    )

    def is_open_at(self, now: datetime) -> bool:
        """Return True if the feature is enabled and has not expired at `now`, regardless of its count."""
        return self.is_enabled and not FeatureAccess.is_expired.at(self, now)

    def usage_at(self, now: datetime) -> int:
        """Return the uses that count at `now`, 0 if their counting month is over."""
        is_over = self.period_start is not None and self.period_start < self.usage_period_at(now).begins
        return 0 if is_over else self.usage_count

    def covers(self, number: int, now: datetime) -> bool:
        """Return True if the use with this number in its counting month is within the limit."""
        return self.is_open_at(now) and (self.usage_limit is None or number <= self.usage_limit)

    def usage_period_at(self, now: datetime) -> UsagePeriod:
        """Return the owner's counting month at `now`."""
        return usage_period(now, *self._billing_period())

    def _billing_period(self) -> tuple[datetime | None, datetime | None]:
        """Return the period of the owner's running subscription, by a query unless `with_billing_period` has annotated it."""
        if "billed_from" in self.__dict__:
            return self.__dict__["billed_from"], self.__dict__["billed_to"]
        running = Subscription.objects.for_user(self.user).running()
        return running.values_list("current_period_start", "current_period_end").first() or (None, None)
