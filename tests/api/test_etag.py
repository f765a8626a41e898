"""Optimistic locking with `ETag` and `If-Match`."""

import pytest
from django.db import connection
from rest_framework.test import APIClient

from dev.factories import CategoryFactory
from finance.models import EncryptedFinancialProfile
from users.models import User


@pytest.fixture
def url(account: EncryptedFinancialProfile) -> str:
    return f"/api/v1/finance/accounts/{account.pk}/"


def test_a_change_with_the_current_etag_returns_the_next_one(url: str, as_alice: APIClient) -> None:
    tag = as_alice.get(url).headers["ETag"]
    changed = as_alice.patch(url, {"profile_name": "Daily"}, headers={"If-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] == as_alice.get(url).headers["ETag"] != tag


@pytest.mark.parametrize("method", ["patch", "put", "delete"])
def test_a_stale_etag_is_refused_and_changes_nothing(
    method: str, url: str, account: EncryptedFinancialProfile, as_alice: APIClient
) -> None:
    tag = as_alice.get(url).headers["ETag"]
    as_alice.patch(url, {"profile_name": "Daily"})
    body = {"profile_name": "Lost", "profile_type": "savings"}
    response = getattr(as_alice, method)(url, body, headers={"If-Match": tag})
    assert response.status_code == 412
    assert response.json()["errors"][0]["code"] == "stale"
    assert as_alice.get(url).json()["profile_name"] == "Daily"


def test_a_change_by_raw_sql_makes_the_etag_stale(url: str, account: EncryptedFinancialProfile, as_alice: APIClient) -> None:
    tag = as_alice.get(url).headers["ETag"]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE finance_encryptedfinancialprofile SET institution_name = 'X' WHERE id = %s", [account.pk])
    assert as_alice.patch(url, {"profile_name": "Lost"}, headers={"If-Match": tag}).status_code == 412


@pytest.mark.parametrize("header", ["*", '"other", {tag}'])
def test_a_star_and_a_list_match(header: str, url: str, as_alice: APIClient) -> None:
    tag = as_alice.get(url).headers["ETag"]
    assert as_alice.patch(url, {"profile_name": "D"}, headers={"If-Match": header.format(tag=tag)}).status_code == 200


def test_an_unchanged_row_is_a_304(alice: User, as_alice: APIClient) -> None:
    url = f"/api/v1/finance/categories/{CategoryFactory(user=alice).pk}/"
    tag = as_alice.get(url).headers["ETag"]
    response = as_alice.get(url, headers={"If-None-Match": tag})
    assert response.status_code == 304
    assert response.content == b""


def test_a_row_with_values_of_other_rows_is_never_a_304(url: str, as_alice: APIClient) -> None:
    tag = as_alice.get(url).headers["ETag"]
    assert as_alice.get(url, headers={"If-None-Match": tag}).status_code == 200
