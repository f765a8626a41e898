"""The generated customers' users, profiles and onboarding, stored in bulk."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import transaction

from billing import services as billing
from dev.demo.rows import checked
from dev.demo.users import PASSWORD
from dev.population.people import Person
from users.models import OnboardingProgress, User, UserProfile
from users.models.onboarding import FIRST_STEPS

COMPLETED_STEPS = 5


@transaction.atomic
def load(people: Sequence[Person], *, began: datetime, until: datetime, now: datetime) -> None:
    """Create the users that do not exist, with verified addresses, complete profiles, onboarding steps and feature access.

    They have signed up when the history began, and completed their profiles when it ended. Their password is that of all demo
    users.
    """
    known = set(User.objects.filter(pk__in=[person.id for person in people]).values_list("pk", flat=True))
    new = [person for person in people if person.id not in known]
    password = make_password(PASSWORD)  # hashed once: a hash takes a tenth of a second
    users = [User(pk=person.id, email=person.email, password=password, is_verified=True) for person in new]
    User.objects.bulk_create(users)
    for user in users:
        user.created_at = began
    User.objects.bulk_update(users, ["created_at"])
    EmailAddress.objects.bulk_create([EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users])
    profiles = [
        checked(UserProfile(user=user, **person.profile), exclude=["user"]) for user, person in zip(users, new, strict=True)
    ]
    UserProfile.objects.bulk_create(profiles)
    UserProfile.objects.filter(user__in=users).update(created_at=until)
    OnboardingProgress.objects.bulk_create([step for user in users for step in _steps(user, began)])
    billing.complete_feature_access(now=now)


def _steps(user: User, began: datetime) -> list[Any]:
    steps = []
    for order, name in enumerate(FIRST_STEPS, 1):
        done = began + timedelta(minutes=order) if order <= COMPLETED_STEPS else None
        steps.append(
            OnboardingProgress(user=user, step_name=name, step_order=order, is_completed=bool(done), completed_at=done)
        )
    return steps
