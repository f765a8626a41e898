"""A stateful stand-in for Stripe that speaks HTTP to the real `stripe` library. No real card, no money.

`FakeStripe.start()` for tests, `python -m dev.stripe --port 12111` for the demo.
"""

from dev.stripe.control import Control, FakeStripe

__all__ = ["Control", "FakeStripe"]
