"""A stateful stand-in for Stripe that speaks HTTP to the real `stripe` library. No real card, no money.

`StripeEmulator.start()` for tests, `python -m dev.stripe --port 12111` for the demo.
"""

from dev.stripe.emulator import EmulatorClient, StripeEmulator

__all__ = ["EmulatorClient", "StripeEmulator"]
