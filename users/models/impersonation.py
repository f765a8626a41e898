"""Impersonations of customers by support staff."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from core.models.base import OwnedModel, OwnedQuerySet
from core.models.constraints import rule
from core.models.fields import NonBlankCharField
from core.privacy.declarations import Erase, Privacy, Restore

IMPERSONATION_DURATION = timedelta(minutes=30)


class ImpersonationQuerySet(OwnedQuerySet):
    def running_at(self, now: datetime) -> Self:
        """Return the impersonations that are open at `now`."""
        return self.filter(ends_at__gt=now, ended_at__isnull=True)


class Impersonation(OwnedModel):
    """Permission for `staff` to read the API as the customer `user`. Only the digest of its credential is stored."""

    staff: models.ForeignKey[Any, Any] = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="impersonations_by_me", editable=False
    )
    reason = NonBlankCharField(max_length=500)
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)

    privacy = Privacy(
        export=True, erase=Erase.DELETE, restore=Restore.NEVER, reason="impersonations of the customer by support staff"
    )
    secret_fields = ("digest",)
    may_write = False

    class Meta(OwnedModel.Meta):
        constraints = [rule("users_impersonation_ends_at_later", Q(ends_at__gt=F("created_at")), "Must be after the start.")]
        indexes = [models.Index(fields=["user", "-created_at", "-id"], name="users_impersonation_newest")]

    objects = ImpersonationQuerySet.as_manager()  # type: ignore[misc]  # narrower than its base's

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M}"

    @property
    def impersonator_id(self) -> Any:
        """The key of the staff member who acts; other credentials lack this attribute."""
        return self.staff_id

    @staticmethod
    def digest_of(text: str) -> str:
        """Return the stored hash of a credential. A plain hash is enough, because a credential is long and random."""
        return sha256(text.encode()).hexdigest()
