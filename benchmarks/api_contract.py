"""The endpoint that all contenders serve: transactions, 50 on a page, with MINGUS's fields.

This module imports nothing of MINGUS, so that the other frameworks' servers can import it.
"""

import base64

import orjson

HOST = "bench.example"
PATH = "/api/v1/finance/transactions/"
LIMIT = 50
TOKEN_KEY_LENGTH = 15  # knox's; the beginning of a token is stored as it is, and has an index

NAMES = (
    "id",
    "financial_profile",
    "transaction_type",
    "amount",
    "currency",
    "description",
    "category",
    "merchant_name",
    "transaction_date",
    "posted_date",
    "reference_number",
    "status",
    "metadata",
    "is_income",
    "is_expense",
    "absolute_amount",
    "is_completed",
    "created_at",
    "updated_at",
)

ONLY_OURS = frozenset({"payee", "tags", "note", "sources", "divided_by", "splits", "refund_of", "reconciled_date"})
"""Fields of MINGUS's transactions that its peers do not have: names and who chose them, parts, refunds, reconciliation."""


def link(query: str, position: tuple[str, str], found: int) -> str | None:
    """Return the URL of the page after `position`, or None if all `found` rows were shown."""
    if found <= LIMIT:
        return None
    cursor = base64.urlsafe_b64encode(orjson.dumps(position)).decode()
    return f"https://{HOST}{PATH}?{query}&cursor={cursor}"
