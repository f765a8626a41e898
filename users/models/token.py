"""Keys to the API that a person makes for a program."""

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
    """A named key to the API with a scope and an end. Only its hash is stored, so it can be shown only once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    digest = models.CharField(max_length=128, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="auth_token_set", editable=False, db_index=False
    )
    name = NonBlankCharField(max_length=100)
    scope = ChoiceField(Scope, max_length=20, default=Scope.READ)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    created = models.DateTimeField(auto_now_add=True, db_default=Now())

    privacy = Privacy(
        export=True,
        erase=Erase.DELETE,
        restore=Restore.NEVER,
        because="keys that he made for programs; the keys themselves are not stored, only how to recognise them",
    )
    personal_fields = personal(name=initials)
    secret_fields = ("digest", "token_key")
    has_second_factor = True  # only a session that has shown one where it must can make a key
    unaudited_fields = ("last_used_at",)  # a use is no change of the key, and it would be an event a minute for each program
    text = ""  # the token itself, on the object that was just made and nowhere else

    class Meta(OwnedModel.Meta):
        indexes = [models.Index(fields=["user", "-created_at", "id"], name="users_token_newest")]

    objects = AuthTokenManager.from_queryset(OwnedQuerySet)()  # type: ignore[misc, assignment]

    def __str__(self) -> str:
        return self.name

    @property
    def may_write(self) -> bool:
        """Whether the key opens more than reading."""
        return self.scope == Scope.READ_WRITE

    def record_use(self) -> None:
        """Remember when the key was used; at most one write a minute, however busy the program is."""
        now = clock.now()
        if self.last_used_at is None or now - self.last_used_at > LAST_USE_INTERVAL:
            type(self).objects.filter(pk=self.pk).update(last_used_at=now)
