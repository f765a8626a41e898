"""People."""

import factory
from factory.django import DjangoModelFactory

from users.models import OnboardingProgress, PersonalAccessToken, User, UserProfile

PASSWORD = "correct horse battery staple"


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda number: f"person{number}@example.com")
    is_verified = True
    password = factory.django.Password(PASSWORD)


class ProfileFactory(DjangoModelFactory):
    class Meta:
        model = UserProfile

    user = factory.SubFactory(UserFactory)
    first_name = "Alice"
    last_name = "Archer"
    zip_code = "10001"


class OnboardingFactory(DjangoModelFactory):
    class Meta:
        model = OnboardingProgress

    user = factory.SubFactory(UserFactory)
    step_name = factory.Sequence(lambda number: f"step {number}")
    step_order = factory.Sequence(lambda number: number + 1)


class TokenFactory(DjangoModelFactory):
    class Meta:
        model = PersonalAccessToken

    user = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda number: f"token {number}")

    @classmethod
    def _create(cls, model_class, *args, **kwargs):  # type: ignore[no-untyped-def]
        token, text = model_class.objects.create(*args, **kwargs)
        token.text = text
        return token
