"""Services for accounts."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.dispatch import Signal
from django.http import HttpRequest
from django.template.loader import render_to_string

from core import clock, rls
from core.errors import ConflictError
from users import email_codes, mail_limits, security_notices
from users.models import OnboardingProgress, PersonalAccessToken, User, UserSession
from users.models.onboarding import FIRST_STEPS
from users.models.token import Scope
from users.password_reset_tokens import ResetKeys


@transaction.atomic
def create_account(user: User) -> User:
    """Save a new account and create its onboarding steps."""
    user.save()
    steps = [OnboardingProgress(user=user, step_name=name, step_order=order) for order, name in enumerate(FIRST_STEPS, 1)]
    with rls.as_customer(user):
        OnboardingProgress.objects.bulk_create(steps, ignore_conflicts=True)
    return user


email_verified = Signal()  # sent with `user` after an account's address was verified for the first time or again


def mark_verified(user: User) -> None:
    user.is_verified = True
    user.save(update_fields=["is_verified"])
    if user.email == user.new_email:
        user.expect_email("", until=None)
    email_verified.send(User, user=user)


@transaction.atomic
def verify_email_by_staff(user: User) -> None:
    """Verify the account's address without an email, after support has checked who owns it."""
    if EmailAddress.objects.filter(email=user.email, verified=True).exclude(user=user).exists():
        raise ConflictError(
            "address_taken", "Another account has verified this address. Ask the customer which account should use it."
        )
    EmailAddress.objects.filter(user=user).exclude(email=user.email).update(primary=False)
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
    mark_verified(user)


def resend_verification(*, request: HttpRequest, user: User) -> None:
    """Send the email with the verification link again. Raise ConflictError if the address is verified."""
    if user.is_verified:
        raise ConflictError("already_verified", "This address is already verified. There is nothing to send.")
    if not mail_limits.is_allowed(mail_limits.VERIFICATION, user.email, now=clock.now()):
        limit = f"{settings.MAILS_PER_ADDRESS} emails of this kind in {settings.MAIL_LIMIT_MINUTES} minutes"
        remedy = "Ask the customer to look in the spam folder."
        raise ConflictError("too_many_emails", f"An address gets at most {limit}. {remedy}")
    address, _ = EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"primary": True})
    address.send_confirmation(request)


def end_access(user: User) -> None:
    """End all sessions and tokens after staff have set or removed the password, and notify the owner."""
    user.end_access()
    security_notices.notify(user, security_notices.PASSWORD_CHANGED)


def end_other_sessions(user: User, digest: str) -> int:
    """End all sessions of a user except the one with `digest`. Return their number."""
    with rls.as_accounts():
        return UserSession.objects.for_user(user).exclude(digest=digest).end()


def count_other_access(user: User, digest: str) -> dict[str, int]:
    """Return the numbers of open sessions except the one with `digest`, and of API tokens."""
    with rls.as_accounts():
        sessions = UserSession.objects.for_user(user).open(clock.now()).exclude(digest=digest)
        return {"sessions": sessions.count(), "tokens": user.auth_token_set.count()}


@transaction.atomic
def end_other_access(user: User, digest: str) -> None:
    """End all sessions of a user except the one with `digest`, and all API tokens."""
    end_other_sessions(user, digest)
    revoke_tokens(user)


def revoke_tokens(user: User) -> int:
    """Revoke all API tokens of a user. Return their number."""
    with rls.as_accounts():
        return int(user.auth_token_set.all().delete()[0])


def has_second_factor(user: User) -> bool:
    """Return True if the account has a second factor. Recovery codes alone do not count."""
    with rls.as_accounts():
        factors = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES)
        return factors.exists()


def name_of(factor: Authenticator) -> str:
    """Return a name of a second factor for the beginning of a sentence."""
    return "An authenticator app" if factor.type == Authenticator.Type.TOTP else f"The security key {factor.wrap().name}"


@transaction.atomic
def remove_second_factors(user: User) -> None:
    """Remove all second factors, after support has verified the user's identity. Raise ConflictError if there are none."""
    if not Authenticator.objects.filter(user=user).delete()[0]:
        raise ConflictError("no_second_factor", "This account has no second factor.")
    user.end_access()
    security_notices.notify(user, security_notices.FACTOR_REMOVED, detail="The second factor")


@transaction.atomic
def send_reset_mail(email: str, *, code: UUID | None = None, is_limited: bool = True) -> None:
    """Send a link to set a new password to `email`, or a note that no account has this address, within the limits of emails.

    With the id of a session's code, the email also contains a new code for it.
    """
    if is_limited and not mail_limits.reserve(mail_limits.RESET, email, now=clock.now()):
        return
    # SECURITY: not by allauth's table, which also has the address that an account is about to change to
    user = User.objects.filter(email=User.objects.normalize_email(email), is_active=True).first()
    urls = settings.HEADLESS_FRONTEND_URLS
    context: dict[str, Any] = {"email": email, "signup_url": urls["account_signup"]}
    if user is not None:
        key = f"{user.pk.hex}-{ResetKeys().make_token(user)}"
        has_code = code is not None and mail_limits.reserve_code(email, now=clock.now())
        context["code"] = email_codes.issue(code, email, now=clock.now()) if code and has_code else ""
        context["password_reset_url"] = urls["account_reset_password_from_key"].format(key=quote(key))
    template = "unknown_account" if user is None else "password_reset_key"
    body = render_to_string(f"account/email/{template}_message.txt", context).strip()
    EmailMessage("[MINGUS] Set a new password", body, to=[email]).send()


# Sent with `user` before a token is created. A receiver raises DomainError to refuse it, or returns when its access ends.
token_requested = Signal()


def create_token(
    *, user: User, name: str, scope: Scope, expires_at: datetime, now: datetime
) -> tuple[PersonalAccessToken, str]:
    """Create an API token. Return it with its text, which is not stored."""
    ends = [end for _, end in token_requested.send(PersonalAccessToken, user=user) if end is not None]
    lifetime: timedelta = expires_at - now
    created: tuple[PersonalAccessToken, str] = PersonalAccessToken.objects.create(
        user=user, expiry=lifetime, name=name, scope=scope, access_ends_at=min(ends, default=None)
    )
    security_notices.notify(user, security_notices.TOKEN_MADE, detail=name)
    return created
