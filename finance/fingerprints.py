"""Content hashes that identify statement rows to which the bank assigns no id."""

from datetime import date
from decimal import Decimal
from hashlib import blake2b

from finance.statements.text import normalize_text

DIGEST_BYTES = 16  # the size of a UUID column; the probability that any two of 10**9 rows collide is about 10**-21


def content_hash(*, day: date, amount: Decimal, currency: str, description: str) -> str:
    """Return 32 hexadecimal digits over day, amount (two decimals), currency (ISO 4217) and normalized text."""
    content = f"{day.isoformat()}|{amount}|{currency}|{normalize_text(description)}"
    return blake2b(content.encode(), digest_size=DIGEST_BYTES).hexdigest()
