"""The account: an e-mail address, a password, and the count of failed logins."""

from datetime import datetime, tzinfo
from typing import Any, ClassVar
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import connection, models, transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Cast, Concat, Lower
from django.db.models.lookups import Exact

from core import clock
from core.models.base import BaseModel, OwnedQuerySet
from core.models.constraints import rule
from core.models.derived import Derived
from core.models.fields import BoundedIntegerField
from core.postgres.expressions import ClockNow
from core.privacy.declarations import Erase, Privacy, Restore
from core.privacy.masks import address, personal

# A counted attempt waits for no disk. It would be the one difference to an unknown address, for which nothing is written, that
# can be measured: 1 to 2 ms. A crash of the database may forget the attempts of its last half second.
DO_NOT_WAIT = "SELECT set_config('synchronous_commit', 'off', true)"


class UserManager(BaseUserManager.from_queryset(OwnedQuerySet)):  # type: ignore[misc]
    """Makes accounts and counts login attempts."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """An account with a hashed password; without one, nobody can log in to it by password."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, **fields, is_staff=True, is_superuser=True, is_verified=True)

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Lower-case throughout: people do not know that the part before the @ might be case-sensitive."""
        return (email or "").strip().lower()

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=self.normalize_email(username))

    def reserve_login_attempt(self, email: str, *, now: datetime) -> "User | None":
        """Count an attempt before its password is looked at; None when there is no such account or it is locked.

        One UPDATE, so that any number of guesses at once gets no further than the limit. The attempt that reaches it locks
        the account right away; `login_succeeded` takes that back if its password was right.
        """
        attempts = Case(When(locked_until__isnull=False, then=Value(1)), default=F("login_attempts") + 1)
        full = Case(
            When(
                locked_until__isnull=True,
                login_attempts__gte=settings.LOGIN_ATTEMPT_LIMIT - 1,
                then=now + settings.LOGIN_LOCKOUT,
            ),
            default=Value(None),
            output_field=models.DateTimeField(null=True),
        )
        open_accounts = Q(locked_until__isnull=True) | Q(locked_until__lte=now)
        account = self.filter(email=self.normalize_email(email))
        with transaction.atomic():  # so that the row is as this attempt left it, and not the next one
            with connection.cursor() as cursor:
                cursor.execute(DO_NOT_WAIT)
            reserved = account.filter(open_accounts).update(login_attempts=attempts, locked_until=full)
            found: User | None = account.first()  # also asked for nobody: an unknown address must not cost a statement less
        return found if reserved else None


class User(AbstractBaseUser, PermissionsMixin, BaseModel):
    """Somebody with an account: a customer, or one of the staff."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)  # v4: an account's key tells nothing about when
    email = models.EmailField(max_length=254, unique=True)
    is_active = models.BooleanField(default=True)
    is_verified = models.BooleanField(default=False)
    is_staff = models.BooleanField(default=False)
    last_login_at = models.DateTimeField(null=True, blank=True, editable=False)
    login_attempts = BoundedIntegerField(min=0, default=0, editable=False)
    locked_until = models.DateTimeField(null=True, blank=True, editable=False)

    last_login = None  # Django's column; the product's is last_login_at

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    owner_path = "pk"  # an account belongs to itself
    privacy = Privacy(
        export=True,
        erase=Erase.ANONYMIZE,
        restore=Restore.NEVER,
        because="what the books need refers to an account; an empty one stays, whose address and password say nothing",
        owner="pk",
        blank={
            "email": Concat(Value("erased-"), Cast("pk", models.CharField()), Value("@erased.invalid")),
            "password": UNUSABLE_PASSWORD_PREFIX,
            "is_active": False,
            "is_verified": False,
            "last_login_at": None,
            "login_attempts": 0,
            "locked_until": None,
        },
    )
    personal_fields = personal(email=address)
    secret_fields = ("password",)

    class Meta(BaseModel.Meta):
        constraints = [rule("users_user_email_lower", Q(Exact(F("email"), Lower("email"))), "Must be in lower case.")]
        indexes = [models.Index(fields=["-created_at", "id"], name="users_user_newest")]

    objects = UserManager()

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        super().clean()
        self.email = UserManager.normalize_email(self.email)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; a new password ends every session and token, whichever road it came by."""
        typed: str | None = vars(self).get("_password")  # what Django keeps of `set_password` until it is saved
        has_new_password = typed is not None and not self._state.adding
        super().save(*args, **kwargs)
        if has_new_password:
            self.end_access()

    def end_access(self) -> None:
        """End all sessions and all keys to the API at once."""
        self.usersession_set.end()
        self.auth_token_set.all().delete()

    is_locked = Derived(Q(locked_until__gt=ClockNow()), help_text="Whether logins are refused at this moment.")

    @property
    def zone(self) -> tzinfo:
        """The zone whose days are this user's days; the product's default while there is no profile."""
        profile = getattr(self, "profile", None)
        return profile.zone if profile else clock.FALLBACK_ZONE

    def login_succeeded(self, *, now: datetime) -> None:
        """Stamp the login and forget the failed ones before it."""
        self.login_attempts, self.locked_until, self.last_login_at = 0, None, now
        self.save(update_fields=["login_attempts", "locked_until", "last_login_at"])

    def unlock(self) -> None:
        """Let the account be used again at once, after support has made sure whose it is."""
        self.login_attempts, self.locked_until = 0, None
        self.save(update_fields=["login_attempts", "locked_until"])
