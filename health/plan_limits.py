"""The limit of check-ins in a plan: all check-ins are stored, and those beyond the limit are left out of analyses."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q

from billing import services as billing
from billing.models import FeatureAccess
from billing.models.feature_access import is_open_at
from health.models import UserHealthCheckin

FEATURE = "health_checkins"


def count_checkins(checkins: Sequence[UserHealthCheckin], *, user: Any, now: datetime) -> None:
    """Count new check-ins, before they are saved in the same transaction, and mark those that the plan does not cover."""
    access = billing.count_beyond_limit(user=user, feature=FEATURE, amount=len(checkins), now=now)
    for number, checkin in enumerate(checkins, access.usage_count - len(checkins) + 1):
        checkin.number_in_month, checkin.over_limit = number, not access.covers(number, now)


def cover_checkins(*, owners: Iterable[Any], now: datetime) -> int:
    """Reset `over_limit` of the check-ins of `owners` that their plan now covers, of all months, and return their number.

    A check-in that was covered once stays so, also after a change to a smaller plan.
    """
    within = Q(usage_limit__isnull=True) | Q(usage_limit__gte=OuterRef("number_in_month"))
    covering = FeatureAccess.objects.filter(within, is_open_at(now), user=OuterRef("user"), feature_name=FEATURE)
    return UserHealthCheckin.objects.filter(Exists(covering), user__in=owners, over_limit=True).update(over_limit=False)
