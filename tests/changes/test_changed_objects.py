"""The changes that a client receives: new, changed, deleted, restored, merged and hidden objects, each once per page."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from dev.factories import (
    AccountFactory,
    AdjustmentFactory,
    AlertFactory,
    CategoryFactory,
    FeatureAccessFactory,
    PayeeFactory,
    SubscriptionFactory,
    TagFactory,
    TransactionFactory,
)
from tests.changes.follower import PATH, Follower
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)
FINANCE = "/api/v1/finance/"


def summary(changes: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(change["type"], change["action"], change["id"]) for change in changes]


def test_a_write_is_seen_at_once(follower: Follower, as_alice: APIClient) -> None:
    tag = as_alice.post(f"{FINANCE}tags/", {"name": "Rome"}).json()
    [change] = follower.catch_up()
    assert change == {"type": "tag", "id": tag["id"], "action": "upsert", "object": tag}
    assert follower.catch_up() == []


def test_an_object_comes_once_in_its_newest_state(alice: User, follower: Follower) -> None:
    tag = TagFactory(user=alice)
    for name in ("one", "two", "three"):
        tag.name = name
        tag.save()
    [change] = follower.catch_up()
    assert change["object"]["name"] == "three"


def test_an_object_that_came_and_went_is_a_deletion(alice: User, follower: Follower) -> None:
    tag = TagFactory(user=alice)
    key = str(tag.pk)
    tag.delete()
    assert summary(follower.catch_up()) == [("tag", "delete", key)]


def test_a_deleted_transaction_is_a_deletion_until_it_is_restored(alice: User, follower: Follower, as_alice: APIClient) -> None:
    row = TransactionFactory(user=alice, financial_profile=None)
    follower.catch_up()
    as_alice.delete(f"{FINANCE}transactions/{row.pk}/")
    assert ("transaction", "delete", str(row.pk)) in summary(follower.catch_up())
    as_alice.post(f"{FINANCE}transactions/{row.pk}/restore/")
    assert ("transaction", "upsert", str(row.pk)) in summary(follower.catch_up())


def test_a_merged_category_is_a_deletion(alice: User, follower: Follower, as_alice: APIClient) -> None:
    merged, into = CategoryFactory.create_batch(2, user=alice, kind="expense")
    follower.catch_up()
    assert as_alice.post(f"{FINANCE}categories/{merged.pk}/merge/", {"into": str(into.pk)}).status_code == 200
    assert ("category", "delete", str(merged.pk)) in summary(follower.catch_up())
    as_alice.post(f"{FINANCE}categories/{merged.pk}/unmerge/")
    assert ("category", "upsert", str(merged.pk)) in summary(follower.catch_up())


def test_a_refund_that_support_has_not_approved_is_not_sent(alice: User, follower: Follower) -> None:
    row = AdjustmentFactory(user=alice, status="awaiting_approval")
    assert summary(follower.catch_up()) == [("adjustment", "delete", str(row.pk))]


def test_broadcasts_are_left_out(alice: User, follower: Follower, as_alice: APIClient) -> None:
    everyone, own = AlertFactory(user=None), AlertFactory(user=alice)
    as_alice.post(f"/api/v1/system/alerts/{everyone.pk}/read/")
    assert summary(follower.catch_up()) == [("alert", "upsert", str(own.pk))]
    again = Follower(as_alice, types="alert")
    assert summary(again.catch_up()) == [("alert", "upsert", str(own.pk))]


def test_changes_of_others_are_left_out(bob: User, follower: Follower) -> None:
    TransactionFactory(user=bob)
    assert follower.catch_up() == []


def test_the_changes_of_one_commit_may_be_on_several_pages(alice: User, follower: Follower) -> None:
    follower.params = {"limit": 3}
    rows = TagFactory.create_batch(7, user=alice)
    pages = follower.pages
    assert [key for _, _, key in summary(follower.catch_up())] == [str(row.pk) for row in rows]
    assert follower.pages - pages == 3


def test_the_first_read_goes_on_after_each_page(alice: User, as_alice: APIClient) -> None:
    TagFactory.create_batch(7, user=alice)
    follower = Follower(as_alice, limit=2, types="tag")
    assert len(follower.catch_up()) == 7
    assert follower.pages == 4


def test_a_row_changed_during_the_first_read_comes_again(alice: User, as_alice: APIClient) -> None:
    rows = TagFactory.create_batch(4, user=alice)
    follower = Follower(as_alice, limit=2, types="tag")
    follower.read_page()
    rows[0].name = "renamed"
    rows[0].save()
    rows[1].delete()
    follower.catch_up()
    assert sorted(each["name"] for each in follower.state.values()) == sorted(["renamed", rows[2].name, rows[3].name])


class TestComputedValues:
    """An object comes again when a row changes that a value of it is computed from."""

    def test_a_transaction_changes_its_account_and_payee(self, alice: User, follower: Follower, as_alice: APIClient) -> None:
        account, payee = AccountFactory(user=alice, account_balance="10.00", currency="USD"), PayeeFactory(user=alice)
        other = AccountFactory(user=alice, currency="USD")
        row = TransactionFactory(user=alice, financial_profile=account, payee=payee.name, amount="-5.00", currency="USD")
        follower.catch_up()
        as_alice.patch(f"{FINANCE}transactions/{row.pk}/", {"financial_profile": str(other.pk)})
        changed = {(change["type"], change["id"]) for change in follower.catch_up()}
        expected = {("account", account), ("account", other), ("payee", payee), ("transaction", row)}
        assert changed == {(name, str(each.pk)) for name, each in expected}
        as_alice.patch(f"{FINANCE}transactions/{row.pk}/", {"note": "with Ada"})
        assert [change["type"] for change in follower.catch_up()] == ["transaction"]

    def test_a_new_name_changes_the_rules_that_show_it(self, alice: User, follower: Follower, as_alice: APIClient) -> None:
        tag = TagFactory(user=alice, name="Rome")
        body = {"name": "Travel", "search": "hotel", "actions": [{"type": "add_tag", "value": "Rome"}]}
        rule = as_alice.post(f"{FINANCE}rules/", body).json()
        follower.catch_up()
        as_alice.patch(f"{FINANCE}tags/{tag.pk}/", {"name": "Roma"})
        assert [change["type"] for change in follower.catch_up()] == ["tag", "rule"]
        assert follower.state["rule", rule["id"]]["actions"][0]["value"] == "Roma"
        as_alice.delete(f"{FINANCE}tags/{tag.pk}/")
        follower.catch_up()
        assert follower.state["rule", rule["id"]]["actions"][0]["value"] is None

    def test_a_billing_period_changes_the_access_to_features(self, alice: User, follower: Follower) -> None:
        access = FeatureAccessFactory(user=alice)
        follower.catch_up()
        SubscriptionFactory(user=alice)
        assert ("feature_access", "upsert", str(access.pk)) in summary(follower.catch_up())

    def test_an_onboarding_step_changes_the_profile(self, follower: Follower, as_alice: APIClient) -> None:
        as_alice.post("/api/v1/users/onboarding/", {"step_name": "a step", "step_order": 20})
        assert {change["type"] for change in follower.catch_up()} == {"onboarding_step", "profile"}


def test_it_takes_few_statements(
    alice: User, follower: Follower, as_alice: APIClient, django_assert_max_num_queries: Any
) -> None:
    """One for the log and one for each type, as well as those of any request."""
    TagFactory.create_batch(30, user=alice)
    CategoryFactory.create_batch(30, user=alice)
    with django_assert_max_num_queries(8):
        assert len(as_alice.get(PATH, {"cursor": follower.cursor, "limit": 200}).json()["changes"]) == 60
