"""Accounts are found by their encrypted number."""

import pytest
from rest_framework.test import APIClient

from core.encryption import data_keys
from core.encryption.fields import Ciphertext
from dev.factories import AccountFactory
from finance.models import EncryptedFinancialProfile
from tests.conftest import ClientFor
from users.models import User

URL = "/api/v1/finance/accounts/"
NUMBER = "DE02120300000000202051"


def found(client: APIClient, number: str) -> list[str]:
    return [row["profile_name"] for row in client.get(URL, {"account_number": number}).json()["results"]]


@pytest.fixture
def account(alice: User) -> EncryptedFinancialProfile:
    AccountFactory(user=alice)
    return AccountFactory(user=alice, profile_name="wanted", account_number=NUMBER)


@pytest.mark.parametrize("written", [NUMBER, NUMBER.lower(), "DE02 1203 0000 0000 2020 51", "de02-1203-0000-0000-2020-51"])
@pytest.mark.usefixtures("account")
def test_it_is_found_in_any_notation(as_alice: APIClient, written: str) -> None:
    assert found(as_alice, written) == ["wanted"]


@pytest.mark.usefixtures("account")
def test_a_part_of_it_matches_nothing(as_alice: APIClient) -> None:
    assert found(as_alice, NUMBER[:-1]) == []


def test_another_customers_equal_number_has_another_digest(
    account: EncryptedFinancialProfile, bob: User, api: ClientFor
) -> None:
    assert found(api(bob), NUMBER) == []
    theirs = AccountFactory(user=bob, profile_name="theirs", account_number=NUMBER)
    assert found(api(bob), NUMBER) == ["theirs"]
    assert theirs.account_number_index != account.account_number_index


@pytest.mark.parametrize("number", ["", "   ", "--", "abc", "a'b;c--", "x" * 35, "1234\x00"])
def test_an_invalid_number_is_refused_at_the_parameter(as_alice: APIClient, number: str) -> None:
    response = as_alice.get(URL, {"account_number": number})
    assert response.status_code == 400
    assert [error["attr"] for error in response.json()["errors"]] == ["account_number"]


@pytest.mark.usefixtures("account")
def test_lookups_and_repetitions_are_refused(as_alice: APIClient) -> None:
    wrong = ["account_number__icontains=DE02", f"account_number={NUMBER}&account_number={NUMBER}", "account_number_index=00"]
    assert [as_alice.get(f"{URL}?{query}").status_code for query in wrong] == [400, 400, 400]


def test_the_index_is_updated_by_every_way_to_save(account: EncryptedFinancialProfile, alice: User) -> None:
    find = EncryptedFinancialProfile.objects.with_number
    account.account_number = "CHANGED1"
    account.save()
    assert find(alice.pk, "changed1").get() == account
    account.account_number = "CHANGED2"
    account.save(update_fields=["account_number"])
    assert find(alice.pk, "changed2").get() == account
    part = EncryptedFinancialProfile.objects.only("account_number").get(pk=account.pk)
    part.account_number = "CHANGED3"
    part.save()
    assert find(alice.pk, "changed3").get() == account
    account.refresh_from_db()
    account.account_number = ""
    account.save()
    assert EncryptedFinancialProfile.objects.get(pk=account.pk).account_number_index is None
    EncryptedFinancialProfile.objects.bulk_create(AccountFactory.build_batch(3, user=alice, account_number="BULK1"))
    assert find(alice.pk, "bulk 1").count() == 3
    EncryptedFinancialProfile.objects.update_or_create(pk=account.pk, defaults={"account_number": "CHANGED4"})
    assert find(alice.pk, "changed4").get() == account


def test_a_row_without_an_index_gets_one_when_it_is_saved(account: EncryptedFinancialProfile, alice: User) -> None:
    EncryptedFinancialProfile.objects.filter(pk=account.pk).update(account_number_index=None)
    EncryptedFinancialProfile.objects.get(pk=account.pk).save()
    assert EncryptedFinancialProfile.objects.with_number(alice.pk, NUMBER).get() == account


def test_an_undecryptable_number_does_not_block_a_save(account: EncryptedFinancialProfile) -> None:
    EncryptedFinancialProfile.objects.filter(pk=account.pk).update(
        account_number=Ciphertext(b"garbage"), account_number_index=None
    )
    row = EncryptedFinancialProfile.objects.get(pk=account.pk)
    row.institution_name = "Other"
    row.save()
    assert EncryptedFinancialProfile.objects.get(pk=account.pk).institution_name == "Other"


def test_the_index_changes_with_the_owner_of_the_account(account: EncryptedFinancialProfile, bob: User) -> None:
    account.user = bob
    account.save()
    assert EncryptedFinancialProfile.objects.with_number(bob.pk, NUMBER).get() == account


def test_an_erased_customers_digests_match_nothing(account: EncryptedFinancialProfile, alice: User) -> None:
    data_keys.destroy(alice)
    assert not EncryptedFinancialProfile.objects.with_number(alice.pk, NUMBER).exists()


def test_the_digest_is_never_shown(account: EncryptedFinancialProfile, as_alice: APIClient) -> None:
    body = as_alice.get(f"{URL}{account.pk}/").json()
    assert "account_number_index" not in body
    assert "account_number_index" not in account.to_dict()
    assert as_alice.patch(f"{URL}{account.pk}/", {"account_number_index": "AA=="}).status_code == 400
