"""Personal access tokens, which give programs access to the API."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from knox.models import AbstractAuthToken, AuthTokenManager
from uuid_utils.compat import uuid7

from core import clock
from core.models.base import OwnedModel, OwnedQuerySet
from core.models.fields import ChoiceField, NonBlankCharField
from core.privacy.declarations import Erase, Privacy, Restore
from core.privacy.masks import initials, personal

LAST_USE_INTERVAL = timedelta(minutes=1)


class Scope(models.TextChoices):
    READ = "read", "read"
    READ_WRITE = "read-write", "read and write"


class PersonalAccessToken(AbstractAuthToken, OwnedModel):
    """A named API token with a scope and an expiry. Only its hash is stored, so it can be shown only once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    digest = models.CharField(max_length=128, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="auth_token_set", editable=False, db_index=False
    )
    name = NonBlankCharField(max_length=100, help_text="The user's name for the token.")
    scope = ChoiceField(Scope, max_length=20, default=Scope.READ, help_text="What the token permits. Default: read.")
    last_used_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When it was last used, to the minute. Null: never."
    )
    created = models.DateTimeField(auto_now_add=True, db_default=Now())
    access_ends_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="When the API access of the plan ends or ended. Null if no end is known.",
    )

    privacy = Privacy(
        export=True,
        erase=Erase.DELETE,
        restore=Restore.NEVER,
        reason="API tokens that the customer created; only their hashes are stored, and these are not exported",
    )
    personal_fields = personal(name=initials)
    secret_fields = ("digest", "token_key")
    has_second_factor = True  # a session can create a token only after a required second factor
    unaudited_fields = ("last_used_at",)  # would add an audit event per minute for each program
    text = ""  # the token itself, set only on an object that was just created

    class Meta(OwnedModel.Meta):
        indexes = [models.Index(fields=["user", "-created_at", "id"], name="users_token_newest")]

    objects = AuthTokenManager.from_queryset(OwnedQuerySet)()  # type: ignore[misc, assignment]

    def __str__(self) -> str:
        return self.name

    @property
    def may_write(self) -> bool:
        """True if the token allows changes."""
        return self.scope == Scope.READ_WRITE

    def record_use(self) -> None:
        """Record the time of use, with at most one write a minute."""
        now = clock.now()
        if self.last_used_at is None or now - self.last_used_at > LAST_USE_INTERVAL:
            type(self).objects.filter(pk=self.pk).update(last_used_at=now)
