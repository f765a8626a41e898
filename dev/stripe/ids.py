"""Identifiers with Stripe's prefixes."""

import random
import string
from collections.abc import Iterator
from contextlib import contextmanager

LETTERS = string.ascii_letters + string.digits
LENGTHS = {"cs_test": 56, "bps": 24, "req": 14, "il_tmp": 24}
_sources: list[random.Random] = [random.SystemRandom()]


def new_id(prefix: str) -> str:
    """Return a new id, such as `cus_` and 24 letters for `new_id("cus")`."""
    return f"{prefix}_" + "".join(_sources[-1].choices(LETTERS, k=LENGTHS.get(prefix, 24)))


@contextmanager
def seeded(seed: str) -> Iterator[None]:
    """Make the ids of the block the same in every run. No other thread may create ids meanwhile."""
    _sources.append(random.Random(seed))
    try:
        yield
    finally:
        _sources.pop()
