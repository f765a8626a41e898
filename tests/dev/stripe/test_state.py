"""The emulator's state file, which survives a kill, and its clock."""

from datetime import UTC, datetime
from pathlib import Path

from dev.stripe import StripeEmulator
from tests.dev.stripe.fixtures import NOW, Shop


def test_a_killed_emulator_continues_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "stripe.sqlite"
    with StripeEmulator.start(now=NOW, state=file, webhook_url="http://127.0.0.1:9/", webhook_secret="whsec_1") as first:
        shop = Shop(first)
        subscription = shop.subscribe(shop.customer())
        first.advance(86_400)
        before = first.send_command("state"), first.events(), len(first.deliveries())
        first.kill()
    with StripeEmulator.start(now=NOW, state=file, webhook_url="http://127.0.0.1:9/", webhook_secret="whsec_2") as second:
        assert (second.send_command("state")["objects"], second.events(), len(second.deliveries())) == (
            before[0]["objects"],
            *before[1:],
        )
        assert second.now() == int(NOW.timestamp()) + 86_400
        second.advance(28 * 86_400)
        reloaded = Shop(second).v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
        assert (reloaded.latest_invoice.billing_reason, reloaded.latest_invoice.status) == ("subscription_cycle", "paid")


def test_its_clock_is_the_machines_until_it_is_moved() -> None:
    with StripeEmulator.start() as emulator:
        assert abs(emulator.now() - datetime.now(UTC).timestamp()) < 5
        assert emulator.advance(3600) - datetime.now(UTC).timestamp() > 3590
        assert Shop(emulator).v1.customers.create({}).created >= emulator.now() - 5
