"""Gates of what the plans sell. Their errors have status 403: `plan_required`, or `limit_reached` with `resets_at`.

Gate what creates or analyzes data, but never reading or exporting: users must not be locked out of their own data.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from billing.models import FeatureAccess
from billing.services.usage import LimitReachedError, record_usage, require_feature
from core.errors import DomainError

CLOSED_CODES = ("feature_disabled", "feature_expired")


def use_feature(*, user: Any, feature: str, now: datetime) -> FeatureAccess:
    """Count one use of a feature and return its row. Raise DomainError (403) without it, or at its limit."""
    with _denials_as_403():
        return record_usage(user=user, feature=feature, now=now)


def require_plan(*, user: Any, feature: str, now: datetime) -> FeatureAccess:
    """Return the row of a feature that the user's plan includes. Raise DomainError (403 `plan_required`) if none does."""
    with _denials_as_403():
        return require_feature(user=user, feature=feature, now=now)


@contextmanager
def _denials_as_403() -> Iterator[None]:
    try:
        yield
    except LimitReachedError as error:
        raise LimitReachedError(error.message, resets_at=error.resets_at, retry_after=None, status=403) from error
    except DomainError as error:
        if error.code not in CLOSED_CODES:
            raise
        raise DomainError("plan_required", error.message, status=403) from error
