"""A colleague who looks at the API as a customer sees it: who, whom, why, and until when."""

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
    """Impersonations."""

    def running_at(self, now: datetime) -> Self:
        """Those that are open at `now`."""
        return self.filter(ends_at__gt=now, ended_at__isnull=True)


class Impersonation(OwnedModel):
    """Leave for one colleague to read what the customer (`user`) reads. Only the digest of its credential is stored."""

    staff: models.ForeignKey[Any, Any] = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="impersonations_by_me", editable=False
    )
    reason = NonBlankCharField(max_length=500)
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)

    privacy = Privacy(
        export=True, erase=Erase.DELETE, restore=Restore.NEVER, because="when colleagues looked at the API as he sees it"
    )
    secret_fields = ("digest",)
    may_write = False

    class Meta(OwnedModel.Meta):
        constraints = [
            rule("users_impersonation_ends_at_later", Q(ends_at__gt=F("created_at")), "Must be after the beginning.")
        ]
        indexes = [models.Index(fields=["user", "-created_at", "-id"], name="users_impersonation_newest")]

    objects = ImpersonationQuerySet.as_manager()  # type: ignore[misc]  # narrower than its base's

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M}"

    @property
    def impersonator_id(self) -> Any:
        """Who acts: what every other credential lacks."""
        return self.staff_id

    @staticmethod
    def digest_of(text: str) -> str:
        """What is stored of a credential; it is long and random, so that a plain hash can't be turned back."""
        return sha256(text.encode()).hexdigest()
