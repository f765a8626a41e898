"""Lists that are read page by page while merges, renames, rules and bulk edits change their transactions."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from dev.factories import CategoryFactory, TransactionFactory
from tests.conftest import ClientFor, use_staff_role
from tests.finance.names.conftest import CATEGORIES, TRANSACTIONS, merge
from users.models import User

ROWS, PAGE, CHANGES = 300, 50, 6
RULES = "/api/v1/finance/rules/"


def merges(client: APIClient, first: Any, second: Any) -> Iterator[Any]:
    for _ in range(CHANGES):
        yield merge(client, CATEGORIES, first, second)
        yield client.post(f"{CATEGORIES}{first}/unmerge/")


def renames(client: APIClient, first: Any, _: Any) -> Iterator[Any]:
    for number in range(CHANGES):
        yield client.patch(f"{CATEGORIES}{first}/", {"name": f"Food {number}"})


def bulk_edits(client: APIClient, _: Any, second: Any) -> Iterator[Any]:
    for number in range(CHANGES):
        body = {"search": "type:expense", "patch": {"note": f"note {number}"}, "expected_count": ROWS}
        yield client.post(f"{TRANSACTIONS}bulk/", body)


def rules(client: APIClient, _: Any, second: Any) -> Iterator[Any]:
    for number in range(CHANGES):
        actions = [{"type": "set_note", "value": f"note {number}"}]
        created = client.post(RULES, {"name": f"Rule {number}", "search": "type:expense", "actions": actions})
        yield created
        yield client.post(f"{RULES}{created.json()['id']}/apply/", {"expected_count": ROWS})


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("change", [merges, renames, bulk_edits, rules])
def test_pages_are_stable(alice: User, api: ClientFor, change: Callable[..., Iterator[Any]]) -> None:
    first, second = (CategoryFactory(user=alice, name=name, slug=name.lower()) for name in ("Food", "Dining"))
    TransactionFactory.create_batch(ROWS, user=alice, category=first.slug, transaction_type="expense", amount="-5.00")
    client = api(alice)

    def make_changes() -> list[int]:
        try:
            return [response.status_code for response in change(api(alice), first.pk, second.pk)]
        finally:
            connection.close()

    before, passes = keys(client), 0
    assert len(before) == len(set(before)) == ROWS
    with ThreadPoolExecutor(1, initializer=use_staff_role) as pool:
        changing = pool.submit(make_changes)
        while not changing.done():
            assert keys(client) == before
            passes += 1
    assert set(changing.result()) <= {200, 201}
    assert passes >= 2
    assert keys(client) == before


def keys(client: APIClient) -> list[str]:
    """Return the ids of all pages, in their order."""
    found, url = [], f"{TRANSACTIONS}?limit={PAGE}"
    while url:
        page = client.get(url).json()
        found += [row["id"] for row in page["results"]]
        url = page["next"]
    return found
