"""A stateful emulator of Stripe's HTTP API for the real `stripe` library. It processes no real cards and no money.

Tests use `StripeEmulator.start()`, the demo `python -m dev.stripe --port 12111`.
"""

from dev.stripe.emulator import EmulatorClient, StripeEmulator

__all__ = ["EmulatorClient", "StripeEmulator"]
