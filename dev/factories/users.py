"""Factories of the users models."""

from functools import cache
from uuid import uuid4

import factory
from django.contrib.auth.hashers import make_password
from factory.django import DjangoModelFactory

from dev.factories.times import days_from_now
from users.models import (
    AccountErasure,
    Approval,
    DataExport,
    DataExportChunk,
    EmailChange,
    Impersonation,
    LoginCounter,
    OnboardingProgress,
    PersonalAccessToken,
    Upload,
    UploadChunk,
    User,
    UserProfile,
    UserSession,
    WebhookAttempt,
    WebhookEndpoint,
    WebhookMessage,
)

PASSWORD = "correct horse battery staple"


@cache
def hashed_password() -> str:
    """Return the hash of PASSWORD. It is computed once, because hashing is slow by design."""
    return make_password(PASSWORD)


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda number: f"person{number}@example.com")
    is_verified = True
    password = factory.LazyFunction(hashed_password)


class OwnedFactory(DjangoModelFactory):
    """The base of factories for models with an owner."""

    class Meta:
        abstract = True

    user = factory.SubFactory(UserFactory)


class ProfileFactory(OwnedFactory):
    class Meta:
        model = UserProfile

    first_name = "Alice"
    last_name = "Archer"
    zip_code = "10001"

    @classmethod
    def _create(cls, model_class, *args, **kwargs):  # type: ignore[no-untyped-def]  # as in factory-boy, which is untyped
        """Set the values in the profile that the account has from the start."""
        user, key = kwargs.pop("user", None), kwargs.pop("user_id", None)
        user = User.objects.get(pk=key) if key else user
        profile, _ = model_class.objects.get_or_create(user=user)
        if "id" in kwargs:
            model_class.objects.filter(pk=profile.pk).update(id=kwargs["id"])
        for name, value in kwargs.items():
            setattr(profile, name, value)
        profile.save()
        profile.user = user  # the user's `profile`, too
        return profile


class OnboardingFactory(OwnedFactory):
    class Meta:
        model = OnboardingProgress

    step_name = factory.Sequence(lambda number: f"step {number}")
    step_order = factory.Sequence(lambda number: number + 1)


class TokenFactory(OwnedFactory):
    class Meta:
        model = PersonalAccessToken

    name = factory.Sequence(lambda number: f"token {number}")

    @classmethod
    def _create(cls, model_class, *args, **kwargs):  # type: ignore[no-untyped-def]  # as in factory-boy, which is untyped
        token, text = model_class.objects.create(*args, **kwargs)
        token.text = text
        return token


class ExportFactory(OwnedFactory):
    """A failed export, of which a user can have many."""

    class Meta:
        model = DataExport

    state = "failed"


class ExportChunkFactory(OwnedFactory):
    class Meta:
        model = DataExportChunk

    export = factory.SubFactory(ExportFactory, user=factory.SelfAttribute("..user"))
    number = factory.Sequence(lambda number: number)
    content = "cGllY2U="


class UploadFactory(OwnedFactory):
    """A failed import, of which a user can have many."""

    class Meta:
        model = Upload

    kind = "import"
    status = "failed"
    filename = "statement.csv"
    size = 2_000_000
    options = factory.LazyFunction(dict)
    error = factory.LazyFunction(lambda: {"code": "empty", "detail": "The file is empty.", "attr": "file"})


class UploadChunkFactory(OwnedFactory):
    class Meta:
        model = UploadChunk

    upload = factory.SubFactory(UploadFactory, user=factory.SelfAttribute("..user"))
    number = factory.Sequence(lambda number: number)
    content = "cGllY2U="


class ErasureFactory(OwnedFactory):
    """A completed erasure."""

    class Meta:
        model = AccountErasure

    requested_by = "customer"
    finished_at = days_from_now(-9)


class EmailChangeFactory(OwnedFactory):
    class Meta:
        model = EmailChange

    former_email = factory.Sequence(lambda number: f"former{number}@example.com")
    new_email = factory.Sequence(lambda number: f"new{number}@example.com")


class LoginCounterFactory(DjangoModelFactory):
    class Meta:
        model = LoginCounter

    account = factory.Sequence(lambda number: f"{number:064x}")
    source = factory.Sequence(lambda number: f"{number:064x}")
    last_attempt_at = days_from_now(0)


class SessionFactory(OwnedFactory):
    class Meta:
        model = UserSession

    digest = factory.Sequence(lambda number: f"{number:064x}")
    user_agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    address = "203.0.113.7"
    last_seen_at = days_from_now(0)
    expires_at = days_from_now(14)


class ImpersonationFactory(OwnedFactory):
    class Meta:
        model = Impersonation

    staff = factory.SubFactory(UserFactory, is_staff=True)
    reason = "Ticket 4711"
    ends_at = days_from_now(1 / 48)
    digest = factory.Sequence(lambda number: f"{number:064x}")


class ApprovalFactory(OwnedFactory):
    """A waiting request to remove the second factors of the account."""

    class Meta:
        model = Approval

    action = "remove_factors"
    subject_id = factory.LazyFunction(uuid4)  # a user has one waiting request for each
    reason = "Ticket 4711: lost phone"
    requested_by = factory.SubFactory(UserFactory, is_staff=True)
    expires_at = days_from_now(3)


class WebhookEndpointFactory(OwnedFactory):
    class Meta:
        model = WebhookEndpoint

    name = factory.Sequence(lambda number: f"Program {number}")
    url = "https://hooks.example.com/mingus"
    secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDAAAAAAAAAAA="


class WebhookMessageFactory(OwnedFactory):
    """A delivered message about a transaction."""

    class Meta:
        model = WebhookMessage

    endpoint = factory.SubFactory(WebhookEndpointFactory, user=factory.SelfAttribute("..user"))
    event_type = "transaction.changed"
    position = factory.Sequence(lambda number: number + 1)
    body = '{"type":"transaction.changed","timestamp":"2026-03-01T09:30:00.000Z","data":{}}'
    status = "delivered"
    attempt_count = 1
    queued_at = days_from_now(-1)


class WebhookAttemptFactory(OwnedFactory):
    """A successful attempt."""

    class Meta:
        model = WebhookAttempt

    message = factory.SubFactory(WebhookMessageFactory, user=factory.SelfAttribute("..user"))
    response_status = 200
    duration_ms = 85
    response_excerpt = "OK"
