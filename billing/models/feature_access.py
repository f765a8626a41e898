"""What a customer may use, how often, and how often he has."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Case, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Greatest

from billing.models.subscriptions import Subscription
from billing.models.usage_periods import EdgeOfMonth, usage_period_start
from billing.usage_periods import UsagePeriod, usage_period
from core.models.base import OwnedModel, OwnedQuerySet
from core.models.derived import Derived
from core.models.fields import BoundedIntegerField, NonBlankCharField
from core.postgres.expressions import ClockNow, first_of
from core.privacy.declarations import recorded

IS_UNLIMITED = Q(usage_limit__isnull=True)


def usage_at(now: Any) -> Case:
    """The uses that count at the instant `now`: none of a month that is over."""
    is_over = Q(period_start__lt=usage_period_start(now))
    return Case(When(is_over, then=Value(0)), default=F("usage_count"), output_field=models.IntegerField())


def is_open_at(now: Any) -> Q:
    """Whether a feature is on and has not expired at the instant `now`, whatever its count."""
    return Q(is_enabled=True) & (Q(expires_at__isnull=True) | Q(expires_at__gt=now))


class AccessQuerySet(OwnedQuerySet):
    """Feature access."""

    def with_billing_period(self) -> "AccessQuerySet":
        """With the period of the owner's running subscription, so that no row has to ask for it by itself."""
        running = Subscription.objects.running().filter(user=OuterRef("user"))
        return self.annotate(
            billed_from=Subquery(running.values("current_period_start")[:1]),
            billed_to=Subquery(running.values("current_period_end")[:1]),
        )

    def usable(self, *, amount: int, now: datetime) -> "AccessQuerySet":
        """Those that can be used `amount` times more at the instant `now`."""
        return self.filter(is_open_at(now), IS_UNLIMITED | Q(usage_limit__gte=usage_at(now) + amount))

    def use(self, *, amount: int, now: datetime) -> int:
        """Count `amount` uses where there is room for them; gives the number of rows.

        One UPDATE that reads and writes the count, so that any number of calls at once gets no further than the limit. The
        first use in a counting month begins the count anew.
        """
        begins = usage_period_start(now)
        is_over = Q(period_start__isnull=True) | Q(period_start__lt=begins)
        period = Case(When(is_over, then=begins), default=F("period_start"))
        return self.usable(amount=amount, now=now).update(
            usage_count=usage_at(now) + amount, period_start=period, last_used_at=now
        )

    def give_back(self, *, amount: int, period_start: datetime) -> int:
        """Take `amount` off a count that is still of the month that began at `period_start`, not below 0; gives the rows."""
        return self.filter(period_start=period_start).update(usage_count=Greatest(F("usage_count") - amount, Value(0)))


class FeatureAccess(OwnedModel):
    """One feature, for one customer: whether it is open, until when, and how often in a counting month."""

    feature_name = NonBlankCharField(max_length=100)
    is_enabled = models.BooleanField(default=True)
    usage_count = BoundedIntegerField(
        min=0, default=0, help_text="Uses since period_start; of a month that is over, they count no more."
    )
    usage_limit = BoundedIntegerField(min=0, null=True, blank=True)
    period_start = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    privacy = recorded("what his plan opens to him, and how often he used it")

    class Meta(OwnedModel.Meta):
        verbose_name_plural = "feature access"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "feature_name"],
                name="billing_featureaccess_feature_name_unique",
                violation_error_message="This customer has an entry for this feature already.",
            ),
        ]

    objects = AccessQuerySet.as_manager()  # type: ignore[misc]  # narrower than its base's

    def __str__(self) -> str:
        return self.feature_name

    is_unlimited = Derived(IS_UNLIMITED)
    usage_remaining = Derived(
        first_of((IS_UNLIMITED, None), default=Greatest(F("usage_limit") - usage_at(ClockNow()), Value(0))),
        models.IntegerField(null=True),
        help_text="How often it can still be used in this counting month; None when it is unlimited.",
    )
    resets_at = Derived(
        first_of((IS_UNLIMITED, None), default=EdgeOfMonth(ClockNow(), 1)),
        models.DateTimeField(null=True),
        help_text="When the usage count is reset to 0; null when usage is unlimited.",
    )
    is_expired = Derived(Q(expires_at__lte=ClockNow()))
    can_use = Derived(
        is_open_at(ClockNow()) & (IS_UNLIMITED | Q(usage_limit__gt=usage_at(ClockNow()))),
        help_text="Whether it can be used once now.",
    )

    def is_open_at(self, now: datetime) -> bool:
        """Whether it is on and has not expired, whatever its count."""
        return self.is_enabled and not FeatureAccess.is_expired.at(self, now)

    def usage_at(self, now: datetime) -> int:
        """The uses that count at the instant `now`: none of a month that is over."""
        is_over = self.period_start is not None and self.period_start < self.usage_period_at(now).begins
        return 0 if is_over else self.usage_count

    def usage_period_at(self, now: datetime) -> UsagePeriod:
        """The counting month of the owner at the instant `now`."""
        return usage_period(now, *self._billing_period())

    def _billing_period(self) -> tuple[datetime | None, datetime | None]:
        """Of the owner's running subscription; read, unless `with_billing_period` has brought it along."""
        if "billed_from" in self.__dict__:
            return self.__dict__["billed_from"], self.__dict__["billed_to"]
        running = Subscription.objects.for_user(self.user).running()
        return running.values_list("current_period_start", "current_period_end").first() or (None, None)
