"""What identifies a row of a statement whose bank gives it no id: its content."""

from datetime import date
from decimal import Decimal
from hashlib import blake2b

from finance.statements.text import normalize_text

DIGEST_BYTES = 16  # as many as a UUID column holds; two of 10**9 rows share a digest with a chance of 10**-21


def content_hash(*, day: date, amount: Decimal, currency: str, description: str) -> str:
    """32 hexadecimal digits over day, amount (with its two decimals), currency (ISO 4217) and normalised text."""
    content = f"{day.isoformat()}|{amount}|{currency}|{normalize_text(description)}"
    return blake2b(content.encode(), digest_size=DIGEST_BYTES).hexdigest()
