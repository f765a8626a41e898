"""Emulators for the demo and the billing simulator.

The demo's emulator stores its state in a file of the working copy, one for each database, so that the two always fit together.
An emulator that a killed demo left running is reused. A private emulator is empty and ends with the process that started it.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from dev.stripe.emulator import KEY, EmulatorClient, EmulatorError, StripeEmulator

PORT_OFFSET = 4111  # added to the product's port


@contextmanager
def demo_emulator() -> Iterator[str]:
    """Use the demo's emulator for payments during the block, in this process and its children, and yield its URL.

    With STRIPE_SECRET_KEY set, that account is used instead and the URL is "".
    """
    if settings.STRIPE_SECRET_KEY:
        yield ""
        return
    port, secret = settings.PORT + PORT_OFFSET, f"whsec_{secrets.token_hex(16)}"
    url = f"http://127.0.0.1:{port}"
    state = state_file()
    running = None if _is_running(url) else StripeEmulator.start(port=port, state=state)
    if EmulatorClient(url).set()["state"] != str(state):
        raise EmulatorError(f"The Stripe emulator of another folder or database uses the port {port}. Choose another PORT.")
    os.environ |= {"STRIPE_SECRET_KEY": KEY, "STRIPE_API_BASE": url, "STRIPE_WEBHOOK_SECRETS": secret}
    try:
        with temporary_settings(STRIPE_SECRET_KEY=KEY, STRIPE_API_BASE=url, STRIPE_WEBHOOK_SECRETS=[secret]):
            yield url
    finally:
        if running:
            running.stop()


def state_file() -> Path:
    """Return the file of the emulator's state that belongs to the database of this process."""
    folder = Path(settings.BASE_DIR / ".postgres")
    folder.mkdir(exist_ok=True)
    return folder / f"stripe-emulator-{settings.DATABASES['default']['NAME']}.sqlite3"


@contextmanager
def private_emulator(*, now: datetime) -> Iterator[StripeEmulator]:
    """Start an empty emulator with its clock stopped at `now`, and use it for this process's payments during the block.

    Nothing is sent to Stripe meanwhile, even if a key is set. The emulator ends with the block, or with the process.
    """
    with (
        StripeEmulator.start(now=now, tied=True) as running,
        temporary_settings(STRIPE_SECRET_KEY=running.key, STRIPE_API_BASE=running.url),
    ):
        yield running


@contextmanager
def temporary_settings(**values: Any) -> Iterator[None]:
    """Change settings of this process during the block."""
    before = {name: getattr(settings, name) for name in values}
    try:
        for name, value in values.items():
            setattr(settings, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(settings, name, value)


def _is_running(url: str) -> bool:
    try:
        EmulatorClient(url).now()
    except OSError:
        return False
    return True
