"""Stand-ins for Stripe: `manage.py demo` runs one to click through, `manage.py simulate_billing` a private one.

The demo's keeps its state in a file of the working copy, and one that a killed demo left behind is used again. A private one
is empty, and ends with whoever started it.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from dev.stripe.emulator import KEY, EmulatorClient, StripeEmulator

PORT_OFFSET = 4111  # so far above the port that the product listens on
STATE = Path(settings.BASE_DIR / ".postgres" / "stripe-stand-in.sqlite3")


@contextmanager
def demo_emulator() -> Iterator[str]:
    """Connect payments to the stand-in while the block runs, in this process and those it starts; gives its address.

    Whoever has set STRIPE_SECRET_KEY has an account to try, and keeps it: the address is "" then.
    """
    if settings.STRIPE_SECRET_KEY:
        yield ""
        return
    port, secret = settings.PORT + PORT_OFFSET, f"whsec_{secrets.token_hex(16)}"
    address = f"http://127.0.0.1:{port}"
    running = None if _is_running(address) else StripeEmulator.start(port=port, state=STATE)
    EmulatorClient(address).endpoint(f"{settings.SITE_URL}/webhooks/stripe/", secret)
    os.environ |= {"STRIPE_SECRET_KEY": KEY, "STRIPE_API_BASE": address, "STRIPE_WEBHOOK_SECRETS": secret}
    try:
        with temporary_settings(STRIPE_SECRET_KEY=KEY, STRIPE_API_BASE=address, STRIPE_WEBHOOK_SECRETS=[secret]):
            yield address
    finally:
        if running:
            running.stop()


@contextmanager
def private_emulator(*, now: datetime) -> Iterator[StripeEmulator]:
    """Start an empty stand-in whose clock stands still at `now`, and have payments of this process go there for the block.

    Whatever key is set: nothing here speaks to Stripe itself meanwhile. The stand-in ends with the block, or with the process.
    """
    with (
        StripeEmulator.start(now=now, tied=True) as running,
        temporary_settings(STRIPE_SECRET_KEY=running.key, STRIPE_API_BASE=running.url),
    ):
        yield running


@contextmanager
def temporary_settings(**values: Any) -> Iterator[None]:
    """Have settings of this process say something else for the block."""
    before = {name: getattr(settings, name) for name in values}
    try:
        for name, value in values.items():
            setattr(settings, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(settings, name, value)


def _is_running(address: str) -> bool:
    try:
        EmulatorClient(address).now()
    except OSError:
        return False
    return True
