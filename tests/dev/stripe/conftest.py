"""Fixtures of the emulator's own tests."""

from tests.dev.stripe.scene import fake as fake
from tests.dev.stripe.scene import shop as shop
from tests.dev.stripe.scene import stand_in as stand_in
