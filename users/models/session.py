"""Sessions with the device that began them, so that their owner can see them and end them.

One table for what Django keeps of a session and for what its owner is shown: two would have to agree about what is over. An
ended session keeps its device for a while, by which a login from a new one is known. `users.sessions` reads and writes it.
"""

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.conf import settings
from django.db import models

from core import clock
from core.models.base import BaseModel, OwnedQuerySet
from core.models.constraints import rule
from core.postgres.expressions import ClockNow
from core.privacy.declarations import Erase, Privacy, Restore
from core.privacy.masks import personal

TABLE = "users_usersession"
USER_AGENT_LENGTH = 200
LAST_USE_INTERVAL = timedelta(minutes=5)
DEVICE_RETENTION = timedelta(days=90)  # how long a device that was not used counts as known


class UserSessionQuerySet(OwnedQuerySet):
    """Sessions of signed-in users and of those who are about to sign in."""

    def open(self, now: datetime | ClockNow) -> Self:
        """Those that still let somebody in."""
        return self.filter(digest__isnull=False, expires_at__gt=now)

    def end(self) -> int:
        """End them at once; what remains is which device it was. Gives how many there were."""
        return self.filter(digest__isnull=False).update(digest=None, data="")


class UserSession(BaseModel):
    """A browser or an app with which somebody is signed in, or is about to be. Only a hash of its key is stored."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, editable=False, db_index=False)
    digest = models.CharField(max_length=64, null=True, unique=True, editable=False)  # noqa: DJ001 - NULL: it has ended
    data = models.TextField(blank=True, editable=False)
    expires_at = models.DateTimeField(editable=False)
    user_agent = models.CharField(max_length=USER_AGENT_LENGTH, blank=True, editable=False)
    address = models.GenericIPAddressField(null=True, editable=False)
    last_seen_at = models.DateTimeField(editable=False)

    owner_path: ClassVar[str] = "user"
    privacy = Privacy(
        export=True,
        erase=Erase.DELETE,
        restore=Restore.NEVER,
        because="where he is logged in; what would open a session stays here",
    )
    personal_fields = personal("user_agent", "address")
    secret_fields = ("digest", "data")

    class Meta(BaseModel.Meta):
        verbose_name = "session"
        constraints = [
            rule(f"{TABLE}_data_ended", models.Q(digest__isnull=False) | models.Q(data=""), "A session that ended is empty.")
        ]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="users_session_newest"),
            models.Index(fields=["expires_at"], name="users_session_expires"),
        ]

    objects = UserSessionQuerySet.as_manager()

    def __str__(self) -> str:
        return self.user_agent or "unknown device"

    def record_use(self) -> None:
        """Remember that the session was used; at most one write in five minutes, however busy it is."""
        now = clock.now()
        if now - self.last_seen_at > LAST_USE_INTERVAL:
            type(self).objects.filter(pk=self.pk).update(last_seen_at=now)
