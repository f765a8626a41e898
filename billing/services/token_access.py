"""The end of customers' API tokens with the API access of their plan."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Subquery

from billing.models import FeatureAccess
from users.models import PersonalAccessToken


def limit_tokens(*, owners: Iterable[Any], now: datetime) -> None:
    """Set when the tokens of customers end: with their API access, which includes the grace period, or now without it.

    The tokens of staff do not end, because staff need no plan.
    """
    access = FeatureAccess.objects.filter(user=OuterRef("user"), feature_name="api_access")
    tokens = PersonalAccessToken.objects.filter(Exists(access), user__in=owners, user__is_staff=False).annotate(
        is_open=Exists(access.filter(is_enabled=True)), open_until=Subquery(access.values("expires_at"))
    )
    for token in tokens:
        ends_at = token.open_until if token.is_open else min(now, token.access_ends_at or now)
        if ends_at != token.access_ends_at:
            PersonalAccessToken.objects.filter(pk=token.pk).update(access_ends_at=ends_at)
