"""Identifiers with Stripe's prefixes."""

import secrets
import string

LETTERS = string.ascii_letters + string.digits
LENGTHS = {"cs_test": 56, "bps": 24, "req": 14, "il_tmp": 24}


def new_id(prefix: str) -> str:
    """Return a new id, such as `cus_` and 24 letters for `new_id("cus")`."""
    return f"{prefix}_" + "".join(secrets.choice(LETTERS) for _ in range(LENGTHS.get(prefix, 24)))
