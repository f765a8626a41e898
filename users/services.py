"""What happens to accounts as a whole."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from allauth.account.adapter import get_adapter
from allauth.account.internal.userkit import filter_users_by_email
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.http import HttpRequest
from django.template.loader import render_to_string

from core import rls
from core.errors import ConflictError
from users import security_notices
from users.models import OnboardingProgress, PersonalAccessToken, User, UserSession
from users.models.onboarding import FIRST_STEPS
from users.models.token import Scope
from users.password_reset_tokens import ResetKeys


@transaction.atomic
def create_account(user: User) -> User:
    """Save a new account and lay out its onboarding steps."""
    user.save()
    steps = [OnboardingProgress(user=user, step_name=name, step_order=order) for order, name in enumerate(FIRST_STEPS, 1)]
    with rls.as_customer(user):
        OnboardingProgress.objects.bulk_create(steps, ignore_conflicts=True)
    return user


def mark_verified(user: User) -> None:
    """The user has shown that the address is his."""
    user.is_verified = True
    user.save(update_fields=["is_verified"])


@transaction.atomic
def verify_address_by_staff(user: User) -> None:
    """Take the account's address as verified without a mail, after support has made sure whose it is."""
    if EmailAddress.objects.filter(email=user.email, verified=True).exclude(user=user).exists():
        raise ConflictError(
            "address_taken", "Another account has shown that this address is its own. Ask which one should keep it."
        )
    EmailAddress.objects.filter(user=user).exclude(email=user.email).update(primary=False)
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
    mark_verified(user)


def resend_verification(*, request: HttpRequest, user: User) -> None:
    """Send the mail with the link that verifies the account's address once more."""
    if user.is_verified:
        raise ConflictError("already_verified", "This address is verified already. There is nothing to send.")
    address, _ = EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"primary": True})
    address.send_confirmation(request)


def end_access(user: User) -> None:
    """End all sessions and tokens of an account whose password somebody else has set or taken away, and tell its owner."""
    user.end_access()
    security_notices.notify(user, security_notices.PASSWORD_CHANGED)


def end_other_sessions(user: User, digest: str) -> int:
    """End all sessions of a user but the one that `digest` stands for; gives how many."""
    with rls.as_accounts():
        return UserSession.objects.for_user(user).exclude(digest=digest).end()


def has_second_factor(user: User) -> bool:
    """Whether the account has a factor besides its password. Recovery codes only stand in for one."""
    with rls.as_accounts():
        factors = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES)
        return factors.exists()


def name_of(factor: Authenticator) -> str:
    """What to call a second factor in a sentence."""
    return "An authenticator app" if factor.type == Authenticator.Type.TOTP else f"The security key {factor.wrap().name}"


@transaction.atomic
def remove_second_factors(user: User) -> None:
    """Take all second factors from an account whose owner has lost them, after support has made sure who asks.

    Raises ConflictError when there are none.
    """
    if not Authenticator.objects.filter(user=user).delete()[0]:
        raise ConflictError("no_second_factor", "This account has no second factor.")
    user.end_access()
    security_notices.notify(user, security_notices.FACTOR_REMOVED, detail="The second factor")


def send_reset_mail(email: str) -> None:
    """Mail a key that sets a new password to `email`, or that there is no account with it."""
    users = filter_users_by_email(email, is_active=True, prefer_verified=True, for_login=True)
    urls = settings.HEADLESS_FRONTEND_URLS
    about: dict[str, Any] = {"email": email, "signup_url": urls["account_signup"]}
    for user in users:
        key = f"{user.pk.hex}-{ResetKeys().make_token(user)}"
        about["password_reset_url"] = urls["account_reset_password_from_key"].format(key=quote(key))
    template = "password_reset_key" if users else "unknown_account"
    body = render_to_string(f"account/email/{template}_message.txt", about).strip()
    EmailMessage("[MINGUS] Set a new password", body, to=[email]).send()


def request_email_change(*, request: HttpRequest, user: User, email: str) -> None:
    """Send a confirmation to `email`; once it is confirmed it becomes the account's address. The present one changes nothing.

    An address that somebody else has is told so by mail, and the caller is not: he must not learn who has an account.
    """
    email = User.objects.normalize_email(email)
    if email == user.email:
        return
    with rls.as_accounts():
        others = EmailAddress.objects.filter(email=email).exclude(user=user)
        if User.objects.filter(email=email).exists() or others.exists():
            get_adapter().send_account_already_exists_mail(email)
        else:
            EmailAddress.objects.add_new_email(request, user, email)


def create_token(
    *, user: User, name: str, scope: Scope, expires_at: datetime, now: datetime
) -> tuple[PersonalAccessToken, str]:
    """A new key to the API and its text, which is not stored and can't be had again."""
    lifetime: timedelta = expires_at - now
    made: tuple[PersonalAccessToken, str] = PersonalAccessToken.objects.create(
        user=user, expiry=lifetime, name=name, scope=scope
    )
    security_notices.notify(user, security_notices.TOKEN_MADE, detail=name)
    return made
