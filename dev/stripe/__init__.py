"""A stateful emulator of Stripe that speaks HTTP to the real `stripe` library. No real card, no money.

Tests use `StripeEmulator.start()`, the demo `python -m dev.stripe --port 12111`.
"""

from dev.stripe.emulator import EmulatorClient, StripeEmulator

__all__ = ["EmulatorClient", "StripeEmulator"]
