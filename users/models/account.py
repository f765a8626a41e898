"""The account: an email address, a password, and the count of failed logins."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import uuid4

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Cast, Concat, Lower
from django.db.models.lookups import Exact
from django.utils.encoding import punycode

from core import rls
from core.models.base import BaseModel, OwnedQuerySet
from core.models.constraints import rule
from core.models.derived import Derived
from core.models.fields import BoundedIntegerField
from core.postgres.expressions import ClockNow
from core.privacy.declarations import Erase, Privacy, Restore
from core.privacy.masks import email_mask, personal
from users.models.account_settings import ProfileSettings
from users.models.login_counter import LoginCounter, digest_of


class UserManager(BaseUserManager.from_queryset(OwnedQuerySet)):  # type: ignore[misc]
    """A manager that creates accounts."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create an account with a hashed password. Without a password, login by password is not possible."""
        user = self.model(email=self.clean_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, **fields, is_staff=True, is_superuser=True, is_verified=True)

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Return the address in lower case: few users know that the part before the @ may be case-sensitive."""
        return (email or "").strip().lower()

    @classmethod
    def clean_email(cls, email: str) -> str:
        """Return the normalized address. Raise ValidationError if it is too long to be stored or can't receive mail.

        allauth's forms allow 320 characters, and allauth would store the first 254.
        """
        email = cls.normalize_email(email)
        User._meta.get_field("email").run_validators(email)
        try:
            punycode(email.rpartition("@")[2])
        except UnicodeError:
            raise ValidationError("No such domain can exist. Check the part after the @.", "invalid") from None
        return email

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=self.normalize_email(username))


PRIVACY = Privacy(
    export=True,
    erase=Erase.ANONYMIZE,
    restore=Restore.NEVER,
    reason="retained invoices refer to the account; a blank one remains, without its email address and password",
    owner="pk",
    blank={
        "email": Concat(Value("erased-"), Cast("pk", models.CharField()), Value("@erased.invalid")),
        "password": UNUSABLE_PASSWORD_PREFIX,
        "is_active": False,
        "is_verified": False,
        "last_login_at": None,
        "login_attempts": 0,
        "locked_until": None,
        "last_totp_step": None,
        "new_email": "",
        "new_email_expires_at": None,
    },
)


class User(ProfileSettings, AbstractBaseUser, PermissionsMixin, BaseModel):
    """An account of a customer or of a staff member."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)  # v4 does not reveal when the account was created
    email = models.EmailField(max_length=254, unique=True, help_text="In lower case.")
    is_active = models.BooleanField(default=True, help_text="False: the user can't log in.")
    is_verified = models.BooleanField(default=False, help_text="True once the email address is confirmed.")
    is_staff = models.BooleanField(default=False, help_text="True for staff, who may use the back office.")
    last_login_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the user last logged in. Null before the first login."
    )
    login_attempts = BoundedIntegerField(
        min=0, default=0, editable=False, help_text="Failed logins in a row on devices that have not logged in before."
    )
    locked_until = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="Until then logins on devices that have not logged in before are refused.",
    )

    last_totp_step = BoundedIntegerField(
        min=0,
        null=True,
        blank=True,
        editable=False,
        help_text="Time step (30 s since 1970) of the last used code of an authenticator app.",
    )

    new_email = models.EmailField(
        max_length=254, blank=True, editable=False, help_text="The address that the user asked to change to. Empty: none."
    )
    new_email_expires_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Until then the new address can be confirmed."
    )

    last_login = None  # Django's column, replaced by last_login_at

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    owner_path = "pk"  # an account is its own owner
    privacy = PRIVACY
    personal_fields = personal(email=email_mask, new_email=email_mask, pending_email=email_mask)
    secret_fields = ("password",)

    class Meta(BaseModel.Meta):
        constraints = [
            rule("users_user_email_lower", Q(Exact(F("email"), Lower("email"))), "Must be in lower case."),
            rule(
                "users_user_new_email_expires",
                Q(new_email="", new_email_expires_at=None) | (~Q(new_email="") & Q(new_email_expires_at__isnull=False)),
                "Set the new address and its expiry together.",
            ),
        ]
        indexes = [models.Index(fields=["-created_at", "id"], name="users_user_newest")]

    objects = UserManager()

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        super().clean()
        try:
            self.email = UserManager.clean_email(self.email)
        except ValidationError as error:
            raise ValidationError({"email": error}) from None

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the account, a new one with its profile. A new password ends every session and token, however it was set."""
        typed: str | None = vars(self).get("_password")  # set by `set_password` until the account is saved
        is_new = self._state.adding
        with transaction.atomic(savepoint=False):
            super().save(*args, **kwargs)
            if is_new:
                with rls.as_customer(self):
                    profiles: Any = User._meta.get_field("profile").related_model
                    profiles.objects.create(user_id=self.pk)
        if typed is not None and not is_new:
            self.end_access()

    def end_access(self) -> None:
        """End all sessions and delete all API tokens."""
        self.usersession_set.end()
        self.auth_token_set.all().delete()

    is_locked = Derived(
        Q(locked_until__gt=ClockNow()), help_text="True while logins on devices that have not logged in before are refused."
    )

    pending_email = Derived(
        Case(When(new_email_expires_at__gt=ClockNow(), then=F("new_email"))),
        models.EmailField(max_length=254, null=True),
        help_text="The new address until the user confirms it, for at most three days. Null: no change is pending.",
    )

    def expect_email(self, email: str, *, until: datetime | None) -> None:
        """Record that the account changes to `email` if it is confirmed until then, or "" for no change."""
        self.new_email, self.new_email_expires_at = email, until
        self.save(update_fields=["new_email", "new_email_expires_at"])

    def login_succeeded(self, *, now: datetime, unlocks: bool = True) -> None:
        """Record the time of the login, and reset the failed attempts. Without `unlocks` a lock stays as it is."""
        self.last_login_at = now
        if unlocks or not self.is_locked:
            self.login_attempts, self.locked_until = 0, None
        self.save(update_fields=["login_attempts", "locked_until", "last_login_at"])

    def unlock(self) -> None:
        """Unlock the account for all devices and networks, after its owner has been verified."""
        self.login_attempts, self.locked_until = 0, None
        self.save(update_fields=["login_attempts", "locked_until"])
        LoginCounter.objects.filter(account=digest_of("account", self.email)).delete()
