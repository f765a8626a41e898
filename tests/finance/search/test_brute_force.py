"""Searches against a function in Python that looks at every row."""

from random import Random

import pytest

from core.api.filters.compilation import matching
from core.api.filters.periods import Calendar
from core.api.filters.searches import read_search
from finance.models import FinancialTransaction
from finance.transaction_fields import TRANSACTION_FIELDS
from tests.finance.search.brute_force import Searches, is_found
from tests.finance.search.world import TODAY, ZONE, World
from tests.long_series import size
from users.models import User


@pytest.mark.long
def test_a_search_finds_what_a_look_at_every_row_finds(alice: User, bob: User) -> None:
    world = World(Random(1))
    world.fill(alice, size(sample=300, whole=10_000))
    World(Random(2)).fill(bob, 20)
    searches = Searches(world, Random(3))
    differences, found_rows = [], 0
    for _ in range(size(sample=80, whole=1_000)):
        text, matches = searches.search()
        expected = {row["id"] for row in world.rows if is_found(row, matches)}
        search = read_search(text, TRANSACTION_FIELDS)
        rows = FinancialTransaction.objects.for_user(alice)
        found = matching(rows, search, TRANSACTION_FIELDS, owner=alice.pk, calendar=lambda: Calendar(TODAY, ZONE))
        ids = set(found.values_list("pk", flat=True))
        found_rows += len(ids)
        differences += [(text, len(expected - ids), len(ids - expected))] if ids != expected else []
    assert differences == []
    assert found_rows > len(world.rows)  # the searches are not trivial
