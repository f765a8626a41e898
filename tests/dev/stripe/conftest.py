"""Fixtures of the emulator's own tests."""

from tests.dev.stripe.fixtures import emulator as emulator
from tests.dev.stripe.fixtures import emulator_process as emulator_process
from tests.dev.stripe.fixtures import shop as shop
