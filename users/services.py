"""What happens to accounts as a whole."""

from datetime import datetime, timedelta

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.db import transaction
from django.http import HttpRequest

from mingus.kit import rls
from mingus.kit.errors import ConflictError
from users.models import OnboardingProgress, PersonalAccessToken, User
from users.models.onboarding import FIRST_STEPS
from users.models.token import Scope


@transaction.atomic
def open_account(user: User) -> User:
    """Save a new account and lay out its onboarding steps."""
    user.save()
    with rls.acting_as(user):
        start_onboarding(user)
    return user


def start_onboarding(user: User) -> None:
    """Give an account the first steps; those it has already stay as they are."""
    steps = [OnboardingProgress(user=user, step_name=name, step_order=order) for order, name in enumerate(FIRST_STEPS, 1)]
    OnboardingProgress.objects.bulk_create(steps, ignore_conflicts=True)


def mark_verified(user: User) -> None:
    """The user has shown that the address is his."""
    user.is_verified = True
    user.save(update_fields=["is_verified"])


@transaction.atomic
def vouch_for_address(user: User) -> None:
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


def revoke_token(token: PersonalAccessToken) -> None:
    """End a key to the API at once."""
    token.delete()


def revoke_tokens(user: User) -> int:
    """End all of a user's keys to the API, as after a change of password; gives how many there were."""
    return PersonalAccessToken.objects.for_user(user).delete()[0]


def forget_expired_tokens(*, now: datetime) -> int:
    """Delete the keys to the API that ended before `now`; gives how many."""
    return PersonalAccessToken.objects.filter(expiry__lt=now).delete()[0]


def request_email_change(*, request: HttpRequest, user: User, email: str) -> None:
    """Send a confirmation to `email`; once it is confirmed it becomes the account's address. The present one changes nothing.

    An address that somebody else has is told so by mail, and the caller is not: he must not learn who has an account.
    """
    email = User.objects.normalize_email(email)
    if email != user.email:
        with rls.accounts():
            _request_email_change(request, user, email)


def _request_email_change(request: HttpRequest, user: User, email: str) -> None:
    if User.objects.filter(email=email).exists() or EmailAddress.objects.filter(email=email).exclude(user=user).exists():
        get_adapter().send_account_already_exists_mail(email)
        return
    EmailAddress.objects.add_new_email(request, user, email)


def create_token(
    *, user: User, name: str, scope: Scope, expires_at: datetime, now: datetime
) -> tuple[PersonalAccessToken, str]:
    """A new key to the API and its text, which is not stored and can't be had again."""
    lifetime: timedelta = expires_at - now
    return PersonalAccessToken.objects.create(user=user, expiry=lifetime, name=name, scope=scope)
