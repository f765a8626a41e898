"""The stand-in for Stripe that `manage.py demo` runs, so that a newcomer clicks through a checkout without an account there.

It keeps its state in a file of the working copy. One that a killed demo left behind is used again.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from tests.fake_stripe.control import KEY, Control, FakeStripe

PORT_BESIDE = 4111  # so far above the port that the product listens on
STATE = Path(settings.BASE_DIR / ".postgres" / "stripe-stand-in.sqlite3")


@contextmanager
def connected() -> Iterator[str]:
    """Connect payments to the stand-in while the block runs, in this process and those it starts; gives its address.

    Whoever has set STRIPE_SECRET_KEY has an account to try, and keeps it: the address is "" then.
    """
    if settings.STRIPE_SECRET_KEY:
        yield ""
        return
    port, secret = settings.PORT + PORT_BESIDE, f"whsec_{secrets.token_hex(16)}"
    address = f"http://127.0.0.1:{port}"
    running = None if _answers(address) else FakeStripe.start(port=port, state=STATE)
    Control(address).endpoint(f"{settings.SITE_URL}/webhooks/stripe/", secret)
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, settings.STRIPE_WEBHOOK_SECRETS = KEY, address, [secret]
    os.environ |= {"STRIPE_SECRET_KEY": KEY, "STRIPE_API_BASE": address, "STRIPE_WEBHOOK_SECRETS": secret}
    try:
        yield address
    finally:
        if running:
            running.stop()


def _answers(address: str) -> bool:
    try:
        Control(address).now()
    except OSError:
        return False
    return True
