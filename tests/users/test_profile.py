"""The user's profile and its time zone."""

from datetime import date
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from rest_framework.test import APIClient

from dev.factories import OnboardingFactory, ProfileFactory
from tests.account_api import send
from users.models import OnboardingProgress, User, UserProfile
from users.models.reference import timezones

URL = "/api/v1/users/profile/"
GOOD = {"first_name": "Alice", "last_name": "Archer", "zip_code": "10001"}


def test_a_new_account_has_a_profile_with_the_defaults(as_alice: APIClient) -> None:
    response = as_alice.get(URL)
    assert response.status_code == 200
    defaults = {"timezone": "America/New_York", "currency": "USD", "locale": "en", "first_day_of_week": "monday"}
    assert response.json() | defaults | {"first_name": "", "last_name": "", "zip_code": ""} == response.json()
    assert response.json()["is_complete"] is False


@pytest.mark.django_db
def test_a_sign_up_creates_the_profile() -> None:
    send("auth/signup", {"email": "new@example.com", "password": "Zebra-crossing-42"})
    assert UserProfile.objects.get(user__email="new@example.com").full_name == ""


@pytest.mark.django_db
def test_a_superuser_has_a_profile() -> None:
    assert UserProfile.objects.filter(user=User.objects.create_superuser("root@example.com", "x")).exists()


@pytest.mark.parametrize(("method", "body"), [("get", None), ("put", GOOD), ("patch", {"city": "Albany"})])
def test_an_account_without_a_profile_gets_one(method: str, body: Any, alice: User, as_alice: APIClient) -> None:
    UserProfile.objects.all().delete()
    assert getattr(as_alice, method)(URL, body).status_code == 200
    assert UserProfile.objects.filter(user=alice).count() == 1


def test_put_replaces_the_profile(as_alice: APIClient) -> None:
    assert as_alice.put(URL, GOOD | {"city": "Albany"}).status_code == 200
    assert as_alice.patch(URL, {"dependents": 0}).json()["city"] == "Albany"
    assert UserProfile.objects.count() == 1


def test_one_answer_needs_no_others(as_alice: APIClient) -> None:
    changed = as_alice.patch(URL, {"currency": "EUR", "locale": "de-AT", "first_day_of_week": "sunday"})
    assert (changed.status_code, changed.json()["first_name"]) == (200, "")
    assert as_alice.patch(URL, {"last_name": ""}).status_code == 400


def test_new_amounts_have_the_currency_of_the_profile(as_alice: APIClient) -> None:
    as_alice.patch(URL, {"currency": "EUR"})
    account = as_alice.post("/api/v1/finance/accounts/", {"profile_name": "Giro", "profile_type": "checking"})
    bought = {"transaction_type": "expense", "amount": "-5.00", "description": "Tea", "transaction_date": "2026-03-02"}
    transaction = as_alice.post("/api/v1/finance/transactions/", bought)
    assert (account.json()["currency"], transaction.json()["currency"]) == ("EUR", "EUR")


@pytest.mark.parametrize("locale", ["en", "fil", "de-AT", "zh-Hant", "zh-Hant-TW", "es-419"])
def test_a_locale_is_a_bcp_47_tag(locale: str, as_alice: APIClient) -> None:
    assert as_alice.patch(URL, {"locale": locale}).json()["locale"] == locale


@pytest.mark.parametrize("locale", ["", "EN", "en_US", "klingon", "xx", "de-XX", "en-US-", "en-US-u-hc-h12"])
def test_another_locale_is_refused_with_an_example(locale: str, as_alice: APIClient) -> None:
    refused = as_alice.patch(URL, {"locale": locale})
    assert (refused.status_code, refused.json()["errors"][0]["attr"]) == (400, "locale")


def test_a_phone_number_is_stored_as_e164(as_alice: APIClient) -> None:
    assert as_alice.put(URL, GOOD | {"phone_number": "(212) 736-5000"}).json()["phone_number"] == "+12127365000"


BAD = [
    ("zip_code", "1000"),
    ("zip_code", ""),
    ("first_name", "  "),
    ("phone_number", "12"),
    ("phone_number", "call me"),
    ("country", "USA"),
    ("country", "ZZ"),
    ("timezone", "Mars/Olympus"),
    ("naics_code", "99"),
    ("naics_code", "5"),
    ("date_of_birth", "2199-01-01"),
    ("date_of_birth", "1700-01-01"),
    ("dependents", -1),
    ("household_size", 0),
    ("annual_income", "-1"),
    ("annual_income", "1.234"),
    ("marital_status", "complicated"),
    ("currency", "EURO"),
    ("currency", "XXQ"),
    ("first_day_of_week", "friday"),
    ("financial_goals", {}),
    ("preferences", []),
]


@pytest.mark.parametrize(("field", "value"), BAD)
def test_an_invalid_value_is_refused_at_its_field(field: str, value: Any, as_alice: APIClient) -> None:
    response = as_alice.put(URL, GOOD | {field: value})
    assert response.status_code == 400
    assert {error["attr"] for error in response.json()["errors"]} == {field}
    assert UserProfile.objects.get().first_name == ""


def test_a_foreign_zip_code_has_any_format(as_alice: APIClient) -> None:
    assert as_alice.put(URL, GOOD | {"country": "GB", "zip_code": "SW1A 1AA"}).status_code == 200


def test_zero_dependents_are_a_value(alice: User) -> None:
    profile = ProfileFactory.build(user=alice, annual_income=0, industry="Mining", dependents=0)
    assert profile.is_complete
    assert profile.profile_completion_percentage == 66


def test_an_empty_profile_is_not_complete(alice: User) -> None:
    profile = ProfileFactory.build(user=alice)
    assert not profile.is_complete
    assert profile.profile_completion_percentage == 33


BIRTHDAYS = [
    (date(2000, 11, 22), "2026-11-23T04:59:00Z", 26),
    (date(2000, 11, 23), "2026-11-23T04:59:00Z", 25),  # still the 22nd in New York
    (date(2000, 11, 23), "2026-11-23T05:00:00Z", 26),
    (date(2000, 2, 29), "2026-02-28T23:00:00Z", 25),
    (date(2000, 2, 29), "2026-03-01T12:00:00Z", 26),
    (date(2026, 11, 22), "2026-11-22T12:00:00Z", 0),
    (None, "2026-11-22T12:00:00Z", None),
]


@pytest.mark.parametrize(("born", "now", "age"), BIRTHDAYS)
def test_age_is_computed_in_the_users_time_zone(born: date | None, now: str, age: int | None) -> None:
    with time_machine.travel(now):
        assert UserProfile(date_of_birth=born, timezone="America/New_York").age == age


def test_a_birth_today_in_the_users_zone_is_not_in_the_future() -> None:
    profile = UserProfile(**GOOD, date_of_birth=date(2026, 11, 23), timezone="Pacific/Kiritimati")
    with time_machine.travel("2026-11-22T12:00:00Z"):
        profile.clean()
        profile.timezone = "America/New_York"
        with pytest.raises(ValidationError):
            profile.clean()


def test_onboarding_is_complete_when_every_step_is(alice: User, as_alice: APIClient) -> None:
    as_alice.put(URL, GOOD)
    assert as_alice.get(URL).json()["onboarding_completed"] is False
    step = OnboardingFactory(user=alice)
    first = as_alice.post(f"/api/v1/users/onboarding/{step.pk}/complete/").json()
    second = as_alice.post(f"/api/v1/users/onboarding/{step.pk}/complete/").json()
    assert first["is_completed"] is True
    assert first == second
    assert as_alice.get(URL).json()["onboarding_completed"] is True


def test_a_step_name_is_unique(alice: User, as_alice: APIClient) -> None:
    OnboardingFactory(user=alice, step_name="taxes")
    response = as_alice.post("/api/v1/users/onboarding/", {"step_name": "taxes", "step_order": 9})
    assert response.status_code == 400
    assert response.json()["errors"][0]["attr"] == "step_name"
    assert OnboardingProgress.objects.count() == 1


@pytest.mark.django_db
def test_the_database_accepts_every_offered_time_zone() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM unnest(%s::text[]) AS name WHERE NOT users_is_timezone(name)", [sorted(timezones())])
        assert cursor.fetchall() == []


def test_an_unknown_zone_falls_back_to_the_default() -> None:
    assert str(UserProfile(timezone="Gone/Away").zone) == "America/New_York"
