"""Invalid requests, which get a 4xx error and write nothing."""

from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from dev.factories import AccountFactory
from finance.models import EncryptedFinancialProfile, FinancialTransaction
from tests.sign_in import sign_in
from users.models import User

URL = "/api/v1/finance/transactions/"
GOOD = {"transaction_type": "expense", "amount": "-6.60", "transaction_date": "2026-03-01"}

FIELDS = [
    ("amount", "NaN"),
    ("amount", "Infinity"),
    ("amount", "1e400"),
    ("amount", "-1e9999999"),
    ("amount", "0"),
    ("amount", "-0.001"),
    ("amount", "-10000000000000.00"),
    ("amount", "6.60"),
    ("amount", None),
    ("amount", [1]),
    ("amount", True),
    ("transaction_date", "0000-01-01"),
    ("transaction_date", "2026-02-30"),
    ("transaction_date", "1899-12-31"),
    ("transaction_date", "2201-01-01"),
    ("transaction_date", 20260301),
    ("transaction_type", "Expense"),
    ("status", "done"),
    ("currency", "usd"),
    ("currency", "XXX"),
    ("currency", ""),
    ("metadata", []),
    ("metadata", None),
    ("metadata", {"a": "\x00"}),
    ("metadata", {"\x00": 1}),
    ("description", "a\x00b"),
    ("merchant_name", "m" * 256),
    ("financial_profile", "not-a-key"),
    ("is_incme", True),
]


@pytest.mark.parametrize(("field", "value"), FIELDS)
def test_a_bad_value_is_refused_at_its_field(field: str, value: Any, as_alice: APIClient) -> None:
    response = as_alice.post(URL, GOOD | {field: value})
    assert response.status_code == 400
    assert {error["attr"].partition(".")[0] for error in response.json()["errors"]} == {field}
    assert not FinancialTransaction.objects.exists()


BODIES = [
    b"{",
    b"\xff\xfe",
    b"[]",
    b'"text"',
    b"null",
    b'{"amount": NaN}',
    b'{"amount": 1e400}',
    b'{"description": "\\ud800"}',
    b"[" * 1000 + b"]" * 1000,
    b'{"metadata": ' + b"[" * 1000 + b"]" * 1000 + b"}",
    b"[" * 100_000,
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_a_malformed_body_is_refused(body: bytes, as_alice: APIClient) -> None:
    response = as_alice.post(URL, body, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["errors"][0]["detail"]
    assert not FinancialTransaction.objects.exists()


def test_ten_megabytes_are_refused_before_they_are_read(as_alice: APIClient) -> None:
    response = as_alice.post(URL, b'{"description": "' + b"x" * 10_000_000 + b'"}', content_type="application/json")
    assert response.status_code == 413
    assert "2,621,440" in response.json()["errors"][0]["detail"]


def test_another_content_type_is_refused(as_alice: APIClient) -> None:
    assert as_alice.post(URL, "<a/>", content_type="application/xml").status_code == 415


FILTERS = [
    ("amuont", "1"),
    ("amount", "x"),
    ("amount__gte", "NaN"),
    ("transaction_date__gte", "yesterday"),
    ("created_at__gte", "2026-01-01T00:00:00+23:59"),
    ("financial_profile", "x"),
    ("transaction_type", "exp"),
    ("metadata__contains", "{"),
    ("metadata__contains", '{"a": "\\u0000"}'),
    ("category", "a\x00"),
    ("search", "a\x00"),
    ("user", "1"),
    ("category", ""),
    ("financial_profile", ""),
    ("financial_profile__isnull", "null"),
    ("financial_profile__isnull", "1"),
    ("status__in", "done"),
]


@pytest.mark.parametrize(("name", "value"), FILTERS)
def test_a_bad_filter_is_refused(name: str, value: str, as_alice: APIClient) -> None:
    response = as_alice.get(URL, {name: value})
    assert response.status_code == 400
    assert response.json()["type"] == "validation_error"


def test_a_repeated_filter_is_refused(as_alice: APIClient) -> None:
    response = as_alice.get(f"{URL}?note__icontains=food&note__icontains=rent")
    assert response.json()["errors"][0]["code"] == "repeated"


def test_an_integer_filter_refuses_a_fraction(as_alice: APIClient) -> None:
    assert as_alice.get("/api/v1/users/onboarding/?step_order__lte=0.5").status_code == 400


def test_a_filter_does_not_disclose_other_users_accounts(as_alice: APIClient, bob: User) -> None:
    theirs = as_alice.get(URL, {"financial_profile": str(AccountFactory(user=bob).pk)})
    unknown = as_alice.get(URL, {"financial_profile": str(uuid4())})
    assert theirs.status_code == unknown.status_code == 200
    assert theirs.json() == unknown.json() == {"next": None, "previous": None, "results": []}


def test_read_only_fields_in_a_body_are_ignored(as_alice: APIClient) -> None:
    forged = GOOD | {"id": "00000000-0000-7000-8000-000000000000", "created_at": "2001-01-01T00:00:00Z", "is_income": True}
    created = as_alice.post(URL, forged).json()
    assert created["id"] != forged["id"]
    assert created["created_at"] > "2026"
    assert created["is_income"] is False


@pytest.mark.parametrize("name", ["user", "user_id", "owner"])
def test_an_owner_in_a_body_is_refused(name: str, as_alice: APIClient) -> None:
    assert as_alice.post(URL, GOOD | {name: "x"}).json()["errors"][0]["code"] == "unknown_field"


ACCOUNT = {"profile_name": "Checking", "profile_type": "checking"}
ACCOUNT_FIELDS = [
    ("account_number", "123"),
    ("account_number", "12 34"),
    ("account_number", "1" * 35),
    ("routing_number", "021000022"),
    ("routing_number", "02100002"),
    ("routing_number", "000000000"),
    ("interest_rate", "1.0001"),
    ("interest_rate", "-0.1"),
    ("credit_limit", "-0.01"),
    ("profile_name", "   "),
    ("profile_type", "piggy"),
]


@pytest.mark.parametrize(("field", "value"), ACCOUNT_FIELDS)
def test_a_bad_account_is_refused_at_its_field(field: str, value: str, as_alice: APIClient) -> None:
    response = as_alice.post("/api/v1/finance/accounts/", ACCOUNT | {field: value})
    assert response.status_code == 400
    assert response.json()["errors"][0]["attr"] == field
    assert not EncryptedFinancialProfile.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/api/v1/nowhere/", "/api/v1/finance/accounts", "/_allauth/app/v1/nowhere", "/api/v1/finance/accounts/1/"]
)
def test_an_unknown_url_is_a_404_in_the_error_format(path: str, client: APIClient) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert response.json()["errors"][0]["code"] == "not_found"


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("path", ["/api/v1/nowhere/", "/api/v1/finance/accounts", "/_allauth/app/v1/nowhere"])
def test_an_unknown_url_is_a_404_for_every_method(alice: User, method: str, path: str) -> None:
    client = APIClient(enforce_csrf_checks=True)
    sign_in(client, alice)
    response = getattr(client, method)(path, {})
    assert (response.status_code, response.json()["errors"][0]["code"]) == (404, "not_found")


def test_an_unsupported_method_is_a_405(as_alice: APIClient) -> None:
    response = as_alice.delete(URL)
    assert response.status_code == 405
    assert response.json()["errors"][0]["code"] == "method_not_allowed"
