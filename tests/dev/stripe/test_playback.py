"""The playback of a history within the emulator."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dev.stripe import StripeEmulator
from dev.stripe.emulator import EmulatorError
from tests.dev.stripe.fixtures import NOW, Shop

UNTIL = NOW + timedelta(days=70)


def steps_of(price: str) -> list[dict[str, Any]]:
    """Return the steps of a customer who buys on a page, cancels with the third period, and asks for a refund."""
    day = int(NOW.timestamp())
    page = {
        "mode": "subscription",
        "customer": "${ann:id}",
        "line_items": [{"price": price, "quantity": 1}],
        "success_url": "https://app.mingus.example/",
        "allow_promotion_codes": True,
    }
    bought = {"session": "${opened:id}", "card": "mastercard"}
    return [
        {"at": day + 60, "name": "ann", "post": "/v1/customers", "given": {"email": "ann@example.com"}},
        {"at": day + 120, "name": "opened", "post": "/v1/checkout/sessions", "given": page},
        {"at": day + 180, "name": "page", "command": "complete_checkout", "given": bought},
        {"at": day + 240, "name": "read", "get": "/v1/charges", "given": {"customer": "${ann:id}", "limit": 1}},
        {"at": day + 300, "post": "/v1/refunds", "given": {"charge": "${read:data.0.id}", "amount": 400}},
        {"at": day + 65 * 86_400, "post": "/v1/subscriptions/${page:subscription}", "given": {"cancel_at_period_end": True}},
    ]


def play(emulator: StripeEmulator, price: str, **given: Any) -> None:
    emulator.play(steps_of(price), **{"seed": "one", "until": UNTIL, "label": "first"} | given)


def account_of(shop: Shop) -> dict[str, Any]:
    lists = {"customers": shop.v1.customers, "invoices": shop.v1.invoices, "refunds": shop.v1.refunds}
    return {name: [(item.id, item.created) for item in each.list()] for name, each in lists.items()}


def test_steps_happen_at_their_times_and_renewals_between_them(emulator: StripeEmulator, shop: Shop) -> None:
    play(emulator, shop.basic)
    [customer] = shop.v1.customers.list()
    [subscription] = shop.v1.subscriptions.list({"customer": customer.id, "status": "all"})
    invoices = shop.v1.invoices.list({"customer": customer.id})
    bought = NOW + timedelta(seconds=180)
    assert [datetime.fromtimestamp(item.created, UTC).date().isoformat() for item in invoices] == [
        "2026-03-31",
        "2026-02-28",
        "2026-01-31",
    ]
    assert subscription.start_date == int(bought.timestamp())
    assert (subscription.status, subscription.ended_at) == ("canceled", subscription.cancel_at)
    assert [refund.amount for refund in shop.v1.refunds.list()] == [400]


def test_afterwards_the_clock_is_the_machines(emulator: StripeEmulator, shop: Shop) -> None:
    play(emulator, shop.basic)
    assert emulator.set()["history"] == "first"
    assert abs(emulator.now() - datetime.now(UTC).timestamp()) < 5


def test_the_same_seed_creates_the_same_ids(emulator: StripeEmulator) -> None:
    found = []
    for seed in ("one", "one", "two"):
        emulator.drop_state(everything=True)
        emulator.freeze(NOW)
        shop = Shop(emulator)
        play(emulator, shop.basic, seed=seed)
        found.append(account_of(shop))
    assert found[0] == found[1] != found[2]


def test_a_refused_step_is_named(emulator: StripeEmulator) -> None:
    with pytest.raises(EmulatorError, match=r"'at': \d+, 'name': 'opened'.*No such price: 'price_unknown'"):
        play(emulator, "price_unknown")


def test_it_needs_a_stopped_clock() -> None:
    with StripeEmulator.start() as running, pytest.raises(EmulatorError, match="stop the clock first"):
        play(running, "price_unknown")


def test_a_history_is_in_the_file_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "stripe.sqlite"
    with StripeEmulator.start(now=NOW, state=file) as first:
        price = Shop(first).basic
        with pytest.raises(EmulatorError):
            first.play(
                [*steps_of(price), {"at": int(UNTIL.timestamp()), "get": "/v1/nothing"}], seed="", until=UNTIL, label="a"
            )
        first.kill()
    with StripeEmulator.start(state=file) as second:
        assert second.set()["history"] == ""
        assert second.send_command("state")["objects"].keys() >= {"product", "price"}
        assert "customer" not in second.send_command("state")["objects"]
        play(second, price)
        second.kill()
    with StripeEmulator.start(state=file) as third:
        assert third.set()["history"] == "first"
        assert third.send_command("state")["objects"]["refund"] == 1
