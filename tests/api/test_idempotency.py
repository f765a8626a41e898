"""Idempotency keys of POST requests."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import requests
from pytest_django.live_server_helper import LiveServer
from rest_framework.test import APIClient

from core import clock, tasks
from core.models.base import IdempotencyKey
from dev.factories import TokenFactory
from finance.models import EncryptedFinancialProfile
from tests.conftest import ClientFor, use_staff_role
from users.models import User

ACCOUNTS = "/api/v1/finance/accounts/"
BODY = {"profile_name": "Checking", "profile_type": "checking"}


def test_a_repeated_request_gets_the_first_response(as_alice: APIClient) -> None:
    first = as_alice.post(ACCOUNTS, BODY, headers={"Idempotency-Key": "k-1"})
    again = as_alice.post(ACCOUNTS, BODY, headers={"Idempotency-Key": "k-1"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert EncryptedFinancialProfile.objects.count() == 1


def test_the_same_key_for_another_request_is_refused(as_alice: APIClient) -> None:
    as_alice.post(ACCOUNTS, BODY, headers={"Idempotency-Key": "k-1"})
    other = as_alice.post(ACCOUNTS, BODY | {"profile_name": "Savings"}, headers={"Idempotency-Key": "k-1"})
    assert other.status_code == 422
    assert other.json()["errors"][0]["code"] == "idempotency_key_reused"


def test_a_failed_request_does_not_use_up_its_key(as_alice: APIClient) -> None:
    refused = as_alice.post(ACCOUNTS, BODY | {"profile_type": "sock"}, headers={"Idempotency-Key": "k-1"})
    assert refused.status_code == 400
    assert as_alice.post(ACCOUNTS, BODY, headers={"Idempotency-Key": "k-1"}).status_code == 201


def test_two_users_may_use_the_same_key(as_alice: APIClient, bob: User, api: ClientFor) -> None:
    as_alice.post(ACCOUNTS, BODY, headers={"Idempotency-Key": "k-1"})
    assert "Idempotent-Replayed" not in api(bob).post(ACCOUNTS, BODY, headers={"Idempotency-Key": "k-1"}).headers


@pytest.mark.parametrize("key", ["", "a b", "ä", "x" * 256])
def test_an_invalid_key_is_refused(key: str, as_alice: APIClient) -> None:
    response = as_alice.post(ACCOUNTS, BODY, headers={"Idempotency-Key": key})
    assert response.status_code == 400
    assert response.json()["errors"][0]["attr"] == "Idempotency-Key"


def test_a_stored_response_is_encrypted(as_alice: APIClient) -> None:
    as_alice.post(ACCOUNTS, BODY, headers={"Idempotency-Key": "k-1"})
    stored = IdempotencyKey.objects.values_list("response", flat=True).get()
    assert repr(stored) == "<encrypted>"


def test_a_key_can_be_reused_after_two_days(as_alice: APIClient) -> None:
    as_alice.post(ACCOUNTS, BODY, headers={"Idempotency-Key": "k-1"})
    IdempotencyKey.objects.update(created_at=clock.now() - timedelta(hours=49))
    later = as_alice.post(ACCOUNTS, BODY | {"profile_name": "Savings"}, headers={"Idempotency-Key": "k-1"})
    assert later.status_code == 201


def test_expired_keys_are_deleted(as_alice: APIClient) -> None:
    as_alice.post(ACCOUNTS, BODY, headers={"Idempotency-Key": "old"})
    IdempotencyKey.objects.update(created_at=clock.now() - timedelta(hours=49))
    as_alice.post(ACCOUNTS, BODY, headers={"Idempotency-Key": "new"})
    tasks.delete_expired_keys_and_sessions(timestamp=0)
    assert [row.key for row in IdempotencyKey.objects.all()] == ["new"]


@pytest.mark.django_db(transaction=True)
def test_twenty_concurrent_requests_create_one_row(alice: User, live_server: LiveServer) -> None:
    headers = {"Authorization": f"Bearer {TokenFactory(user=alice, scope='read-write').text}", "Idempotency-Key": "once"}

    def post(_: int) -> requests.Response:
        return requests.post(live_server.url + ACCOUNTS, json=BODY, headers=headers, timeout=30)

    with ThreadPoolExecutor(20, initializer=use_staff_role) as threads:
        responses = list(threads.map(post, range(20)))
    assert {response.status_code for response in responses} == {201}
    assert len({response.text for response in responses}) == 1
    assert EncryptedFinancialProfile.objects.count() == 1


def test_a_repeated_request_gets_the_etag_too(as_alice: APIClient) -> None:
    first = as_alice.post(ACCOUNTS, BODY, headers={"Idempotency-Key": "k-1"})
    again = as_alice.post(ACCOUNTS, BODY, headers={"Idempotency-Key": "k-1"})
    assert first.headers["ETag"] == again.headers["ETag"]
