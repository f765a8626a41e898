"""The generator of the demo's customers."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from dev.population import life, money, subscriptions
from dev.population.draws import month_after, parameters
from dev.population.people import PARTS, Person, people

NOW = datetime(2026, 11, 30, 17, tzinfo=UTC)
TODAY = NOW.date()
FIRST = money.first_day(TODAY)
OFFERS = [
    subscriptions.Offer(tier, cycle, f"plan-{tier}-{cycle}", f"price_{tier}_{cycle}")
    for tier in subscriptions.TIERS
    for cycle in ("monthly", "yearly")
]


def tables(found: Any, path: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Return the tables of the parameters with their paths."""
    inner = found.items() if isinstance(found, dict) else enumerate(found)
    below = [pair for name, value in inner if isinstance(value, dict | list) for pair in tables(value, f"{path}.{name}")]
    return [(path, found), *below] if isinstance(found, dict) and path else below


def test_every_table_of_the_parameters_has_a_source() -> None:
    assert [path for path, table in tables(parameters()) if not table.get("source")] == []
    assert len(tables(parameters())) > 30


def test_there_are_a_hundred_customers_with_every_part_once() -> None:
    found = people()
    assert len({person.id for person in found}) == len({person.email for person in found}) == 100
    assert Counter(person.part for person in found if person.part) == Counter(PARTS)
    assert len({person.profile["timezone"] for person in found}) > 6
    assert len({person.currency for person in found}) > 4


def test_two_runs_draw_the_same() -> None:
    assert people() == people()
    assert subscriptions.history(people(), OFFERS, now=NOW) == subscriptions.history(people(), OFFERS, now=NOW)
    assert [list(money.transactions(person, FIRST, TODAY)) for person in people()[:5]] == [
        list(money.transactions(person, FIRST, TODAY)) for person in people()[:5]
    ]


@pytest.mark.parametrize("person", people()[::9], ids=lambda person: person.email)
def test_a_later_run_continues_an_earlier_one(person: Person) -> None:
    later = TODAY + timedelta(days=40)
    early, late = (set(money.transactions(person, FIRST, day)) for day in (TODAY, later))
    assert early == {item for item in late if item.day <= TODAY}
    assert late - early == set(money.transactions(person, TODAY + timedelta(days=1), later))
    days = [item.day for item in life.checkins(person, FIRST, TODAY)]
    assert days == [item.day for item in life.checkins(person, FIRST, later) if item.day <= TODAY]


@pytest.mark.parametrize("person", people(), ids=lambda person: person.email)
def test_no_account_is_overdrawn_and_no_card_overpaid(person: Person) -> None:
    items = sorted(money.transactions(person, FIRST, TODAY), key=lambda item: item.day)
    for account in money.accounts(person, FIRST):
        balance, balances = account.opening, []
        for item in (item for item in items if item.account == account.key):
            balance += item.amount
            balances.append(balance)
        assert (max(balances) <= 0) if account.key == money.CARD else (min(balances) >= 0)


def test_amounts_have_the_decimals_of_their_currency() -> None:
    exponents = {
        (person.currency, item.amount.as_tuple().exponent)
        for person in people()
        for item in money.transactions(person, month_after(TODAY, -1), TODAY)
    }
    assert ("JPY", 0) in exponents
    assert {exponent for currency, exponent in exponents if currency != "JPY"} == {-2}
    assert all(item.amount != Decimal(0) for person in people()[:9] for item in money.transactions(person, FIRST, TODAY))


def test_references_are_unique_in_an_account() -> None:
    for person in people():
        keys = [(item.account, item.reference) for item in money.transactions(person, FIRST, TODAY)]
        assert len(keys) == len(set(keys))


def test_the_history_is_in_order_and_in_the_past() -> None:
    times = [step["at"] for step in subscriptions.history(people(), OFFERS, now=NOW)]
    assert times == sorted(times)
    assert subscriptions.beginning(NOW).timestamp() <= times[0] < times[-1] <= NOW.timestamp()


def test_the_history_has_every_kind_of_event() -> None:
    steps = subscriptions.history(people(), OFFERS, now=NOW)
    given = [step.get("given", {}) for step in steps]
    assert sum("cancel_at_period_end" in entry for entry in given) > 20
    assert sum("items" in entry for entry in given) > 3
    assert sum("discounts" in entry or "promotion_code" in entry for entry in given) > 5
    assert {entry["card"] for entry in given if "card" in entry} >= {"failsAtRenewal", "lostBeforeRenewal", "visa", "amex"}
    assert {step.get("command") for step in steps} == {None, "complete_checkout", "change_card", "dispute"}
    assert sum(step.get("post") == "/v1/refunds" for step in steps) > 2
    pages = Counter(step["given"]["customer"] for step in steps if step.get("post") == "/v1/checkout/sessions")
    assert len(pages) == 99  # one has never bought a plan
    assert max(pages.values()) > 1


def test_shares_are_those_of_the_parameters() -> None:
    """Half of the customers or more pay after the trial, as the parameter says, within three standard deviations."""
    steps = subscriptions.history(people(), OFFERS, now=NOW)
    drawn = [person for person in people() if not person.part]
    left_in_trial = 0
    for person in drawn:
        own = [step for step in steps if f"{person.key}." in str(step)]
        bought = next((step["at"] for step in own if step.get("command") == "complete_checkout"), None)
        canceled = next((step["at"] for step in own if "cancel_at_period_end" in step.get("given", {})), None)
        left_in_trial += bought is not None and canceled is not None and canceled - bought < 14 * 86_400
    share = parameters()["subscriptions"]["trial_becomes_paid"]
    deviation = (len(drawn) * share * (1 - share)) ** 0.5
    assert abs(left_in_trial - len(drawn) * (1 - share)) < 3 * deviation


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 30), 1, date(2024, 2, 29)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 3, 31), -4, date(2025, 11, 30)),
        (date(2026, 12, 15), 25, date(2029, 1, 15)),
    ],
)
def test_months_end_with_their_last_day(day: date, months: int, expected: date) -> None:
    assert month_after(day, months) == expected
