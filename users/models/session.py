"""Sessions with the device that started them, which their owner can list and end.

Django's session data and the list for the owner are one table, so that they can't disagree about ended sessions. An ended
session retains its device for a while, to detect logins from new devices. `users.sessions` reads and writes the table.
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
AGENT_HELP = f"Browser or app: the first {USER_AGENT_LENGTH} characters of its User-Agent header."
LAST_USE_INTERVAL = timedelta(minutes=5)


class UserSessionQuerySet(OwnedQuerySet):
    """Sessions of signed-in users and anonymous sessions of logins in progress."""

    def open(self, now: datetime | ClockNow) -> Self:
        """Return the sessions that are valid at `now`."""
        return self.filter(digest__isnull=False, expires_at__gt=now)

    def end(self) -> int:
        """End the sessions at once, and retain their devices. Return the number of ended sessions."""
        return self.filter(digest__isnull=False).update(digest=None, data="")


class UserSession(BaseModel):
    """A session of a browser or an app, possibly before login. Only a hash of its key is stored."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, editable=False, db_index=False)
    digest = models.CharField(max_length=64, null=True, unique=True, editable=False)  # noqa: DJ001 - NULL: the session has ended
    data = models.TextField(blank=True, editable=False)
    expires_at = models.DateTimeField(editable=False, help_text="End of the session.")
    user_agent = models.CharField(max_length=USER_AGENT_LENGTH, blank=True, editable=False, help_text=AGENT_HELP)
    address = models.GenericIPAddressField(null=True, editable=False, help_text="IP address at login.")
    last_seen_at = models.DateTimeField(editable=False, help_text="When it was last used, accurate to five minutes.")

    owner_path: ClassVar[str] = "user"
    privacy = Privacy(
        export=True,
        erase=Erase.DELETE,
        restore=Restore.NEVER,
        reason="where the customer is logged in; keys of sessions are not exported",
    )
    personal_fields = personal("user_agent", "address")
    secret_fields = ("digest", "data")

    class Meta(BaseModel.Meta):
        verbose_name = "session"
        constraints = [
            rule(f"{TABLE}_data_ended", models.Q(digest__isnull=False) | models.Q(data=""), "An ended session has no data.")
        ]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="users_session_newest"),
            models.Index(fields=["expires_at"], name="users_session_expires"),
        ]

    objects = UserSessionQuerySet.as_manager()

    def __str__(self) -> str:
        return self.user_agent or "unknown device"

    def record_use(self) -> None:
        """Record the time of use, with at most one write in five minutes."""
        now = clock.now()
        if now - self.last_seen_at > LAST_USE_INTERVAL:
            type(self).objects.filter(pk=self.pk).update(last_seen_at=now)
