"""Precision and recall of proposals: 200 true transfers and 200 payments that look like them, of three generators."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.finance.transfers.family_abroad import family
from tests.finance.transfers.household import household
from tests.finance.transfers.strangers import strangers
from tests.finance.transfers.world import World, figures, proposals_of

ENOUGH = 0.95
WORLDS = [household, family, strangers]


def description_only(world: World) -> World:
    """Return the world as a bank writes it that has one text for the name and the description."""
    for row in world.rows:
        row.texts, row.name = (f"{row.name} {row.texts[0]}".strip(), ""), ""
    return world


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("make", WORLDS)
def test_true_transfers_are_told_from_lookalikes(make: Callable[[int], World], seed: int) -> None:
    world = make(seed)
    assert (len(world.true), len(world.lookalikes)) == (200, 200)
    precision, recall = figures(world, proposals_of(world))
    assert (precision >= ENOUGH, recall >= ENOUGH) == (True, True), (precision, recall)


@pytest.mark.parametrize("make", WORLDS)
def test_names_in_the_description_suffice(make: Callable[[int], World]) -> None:
    world = description_only(make(1))
    precision, recall = figures(world, proposals_of(world))
    assert (precision >= ENOUGH, recall >= ENOUGH) == (True, True), (precision, recall)


@pytest.mark.parametrize("make", WORLDS)
def test_each_row_is_in_one_proposal(make: Callable[[int], World]) -> None:
    found = proposals_of(make(1))
    sides = [side for proposal in found for side in (proposal.outgoing, proposal.incoming)]
    assert len(sides) == len(set(sides))


@pytest.mark.parametrize("make", WORLDS)
def test_confidence_is_higher_for_true_transfers(make: Callable[[int], World]) -> None:
    world = make(1)
    found = {(each.outgoing, each.incoming): each.confidence for each in proposals_of(world)}
    wrong = [confidence for pair, confidence in found.items() if pair not in world.true]
    right = sorted(confidence for pair, confidence in found.items() if pair in world.true)
    assert all(confidence < right[len(right) // 2] for confidence in wrong)


def test_the_order_of_the_rows_does_not_matter() -> None:
    def pairs(world: World) -> Any:
        return {(each.outgoing, each.incoming) for each in proposals_of(world)}

    first, second = household(1), household(1)
    second.rows.reverse()
    assert len(pairs(first) ^ pairs(second)) <= 4  # of equal points
