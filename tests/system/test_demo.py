"""The demo's alerts, dates and preferences, and repeated loading."""

from datetime import date

import pytest

from dev.demo import system
from dev.factories import UserFactory
from system.models import AlertReceipt, ImportantDate, NotificationPreference, SystemAlert

TODAY = date(2026, 3, 10)
MODELS = [AlertReceipt, ImportantDate, NotificationPreference, SystemAlert]


@pytest.mark.django_db
def test_loading_twice_adds_nothing() -> None:
    users = [UserFactory(email=email) for email in system.CUSTOMERS]
    counts = [
        [system.load(user, today=TODAY) for user in users] and [model.objects.count() for model in MODELS] for _ in range(2)
    ]
    assert counts[0] == counts[1] == [2, 20, 7, 10]


@pytest.mark.django_db
@pytest.mark.parametrize("email", system.CUSTOMERS)
def test_each_customer_has_rows_in_every_list(email: str) -> None:
    user = UserFactory(email=email)
    system.load(user, today=TODAY)
    assert SystemAlert.objects.for_user(user).filter(own_is_read=False).exists()
    assert SystemAlert.objects.for_user(user).filter(own_is_read=True).exists()
    assert ImportantDate.objects.for_user(user).count() >= 6
    assert NotificationPreference.objects.for_user(user).count() >= 2
