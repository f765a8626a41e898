"""The demo's transfers: some accepted, one proposed for each customer, and rates."""

from datetime import date

import pytest
from django.db.models import Count

from dev.demo import finance as finance_demo
from dev.demo import users as users_demo
from finance.models import ExchangeRate, Transfer

TODAY = date(2026, 3, 20)
pytestmark = pytest.mark.django_db


def test_a_customer_has_accepted_and_proposed_transfers() -> None:
    alice = users_demo.load_customer(users_demo.CUSTOMERS[0])
    for _ in range(2):
        finance_demo.load(alice, today=TODAY)
    counts = Transfer.objects.values_list("status").annotate(number=Count("pk"))
    assert dict(counts)["proposed"] == 1
    assert dict(counts)["accepted"] >= 1
    assert ExchangeRate.objects.count() == 9
