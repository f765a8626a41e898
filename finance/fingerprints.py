"""Content hashes that identify statement rows to which the bank assigns no id."""

from datetime import date
from decimal import Decimal
from hashlib import blake2b

from finance.statements.text import normalize_text

DIGEST_BYTES = 16  # the size of a UUID column; the probability that any two of 10**9 rows collide is about 10**-21


def text_of(description: str, merchant: str) -> str:
    """Return the text that identifies a row: its description, and the merchant unless that is part of it."""
    return description if merchant in description else f"{description} {merchant}"


def content_hash(*, day: date, amount: Decimal, currency: str, text: str) -> str:
    """Return 32 hexadecimal digits over day, amount (with its decimals), currency and text (`text_of`, normalized)."""
    content = f"{day.isoformat()}|{amount}|{currency}|{normalize_text(text)}"
    return blake2b(content.encode(), digest_size=DIGEST_BYTES).hexdigest()
