"""What happens to accounts as a whole."""

from datetime import datetime, timedelta

from django.db import transaction

from users.models import OnboardingProgress, PersonalAccessToken, User
from users.models.onboarding import FIRST_STEPS
from users.models.token import Scope


@transaction.atomic
def open_account(user: User) -> User:
    """Save a new account and lay out its onboarding steps."""
    user.save()
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


def create_token(
    *, user: User, name: str, scope: Scope, expires_at: datetime, now: datetime
) -> tuple[PersonalAccessToken, str]:
    """A new key to the API and its text, which is not stored and can't be had again."""
    lifetime: timedelta = expires_at - now
    return PersonalAccessToken.objects.create(user=user, expiry=lifetime, name=name, scope=scope)
