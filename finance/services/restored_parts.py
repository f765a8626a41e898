"""Restoration of what belonged to deleted transactions: parts, shares of refunds, transfers, and links to other rows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import permutations
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from finance.models import DeletedTransaction, FinancialTransaction, RefundShare, TransactionSplit
from finance.models.transaction_triggers import CONTENTS, LINKS, Part
from finance.services.names import current_names

LINK_AGAIN = """
UPDATE {table} AS part SET {column} = deleted.id
  FROM finance_deletedtransaction AS deleted, jsonb_array_elements_text(coalesce(parts -> '{table}', '[]')) AS key
 WHERE deleted.user_id = %(user)s AND deleted.id = ANY (%(keys)s)
   AND part.user_id = %(user)s AND part.id = key::uuid AND part.{column} IS NULL
RETURNING deleted.id, part.id
"""
# Pairs that fit and of which neither side is part of another transfer by now. A trigger sets the types of an accepted one.
TRANSFER_AGAIN = """
INSERT INTO finance_transfer
SELECT DISTINCT ON (transfer.id) transfer.*
  FROM finance_deletedtransaction AS deleted
 CROSS JOIN LATERAL jsonb_populate_recordset(NULL::finance_transfer, coalesce(parts -> %(name)s, '[]')) AS transfer
  JOIN finance_financialtransaction AS paid ON paid.user_id = %(user)s AND paid.id = transfer.outgoing_id
  JOIN finance_financialtransaction AS received ON received.user_id = %(user)s AND received.id = transfer.incoming_id
 WHERE deleted.user_id = %(user)s AND deleted.id = ANY (%(keys)s) AND transfer.user_id = %(user)s
   AND (transfer.status = 'refused' OR finance_transfer_problem(paid, received) IS NULL)
   AND NOT EXISTS (
           SELECT FROM finance_transfer AS other
            WHERE other.user_id = %(user)s AND other.status = 'accepted' AND transfer.status <> 'refused'
              AND (other.outgoing_id IN (paid.id, received.id) OR other.incoming_id IN (paid.id, received.id)))
    ON CONFLICT DO NOTHING
RETURNING id
"""

# What joins two deleted transactions is stored with the first one only, and waits for the restoration of the other.
HAND_OVER = """
UPDATE finance_deletedtransaction AS other
   SET parts = other.parts || jsonb_build_object(%(to)s, coalesce(other.parts -> %(to)s, '[]') || waiting.list)
  FROM (SELECT part ->> %(column)s AS key, jsonb_agg(part) AS list
          FROM finance_deletedtransaction AS deleted, jsonb_array_elements(coalesce(parts -> %(name)s, '[]')) AS part
         WHERE user_id = %(user)s AND deleted.id = ANY (%(keys)s) GROUP BY key) AS waiting
 WHERE other.user_id = %(user)s AND other.id = waiting.key::uuid AND other.id <> ALL (%(keys)s)
"""


@dataclass(frozen=True, slots=True)
class MissingReference:
    """Something that a restored transaction referred to and that does not exist any more: its field, and its name or id."""

    id: UUID
    field: str
    value: str


def restore_parts(deleted: list[DeletedTransaction], parameters: dict[str, Any]) -> list[MissingReference]:
    """Insert and link the rows that belonged to transactions, which are restored already. Return those that can't be."""
    links = [gone for part in LINKS for gone in _link_again(part, deleted, parameters)]
    _hand_over(deleted, parameters)
    return [*links, *_insert_splits(deleted), *_insert_shares(deleted), *_insert_transfers(deleted, parameters)]


def _link_again(part: Part, deleted: list[DeletedTransaction], parameters: dict[str, Any]) -> Iterator[MissingReference]:
    """Link the rows of another table again. Yield those that were deleted, or linked to another transaction, since."""
    with connection.cursor() as cursor:
        cursor.execute(LINK_AGAIN.format(table=part.table, column=part.column), parameters)
        linked = {(transaction_id, str(key)) for transaction_id, key in cursor.fetchall()}
    for row in deleted:
        for key in row.parts.get(part.table, ()):
            if (row.pk, key) not in linked:
                yield MissingReference(row.pk, part.table.removeprefix("finance_"), key)


def _hand_over(deleted: list[DeletedTransaction], parameters: dict[str, Any]) -> None:
    """Store what joins a transaction with another deleted one with that one."""
    with connection.cursor() as cursor:
        for side, other in permutations(CONTENTS[1:], 2):
            if side.table == other.table and any(row.parts.get(side.name) for row in deleted):
                cursor.execute(HAND_OVER, parameters | {"name": side.name, "to": other.name, "column": other.column})


def _contents(deleted: Iterable[DeletedTransaction], part: Part) -> Iterator[tuple[UUID, dict[str, Any]]]:
    for row in deleted:
        for stored in row.parts.get(part.name, ()):
            yield row.pk, stored


def _insert_splits(deleted: list[DeletedTransaction]) -> list[MissingReference]:
    found = list(_contents(deleted, CONTENTS[0]))
    if not found:
        return []
    owner = deleted[0].user_id
    categories = current_names(owner, "category", {part["category"] for _, part in found if part["category"]})
    tags = current_names(owner, "tags", {tag for _, part in found for tag in part["tags"]})
    TransactionSplit.objects.bulk_create(
        TransactionSplit(
            **_known(part, "id", "user_id", "transaction_id", "number", "currency", "note"),
            amount=Decimal(part["amount"]),
            category=categories.get(part["category"], ""),
            tags=list(dict.fromkeys(tags[tag] for tag in part["tags"] if tag in tags)),
        )
        for _, part in found
    )
    gone = [(key, part["category"]) for key, part in found if part["category"] and part["category"] not in categories]
    gone += [(key, tag) for key, part in found for tag in part["tags"] if tag not in tags]
    return [MissingReference(key, "splits", name) for key, name in gone]


def _insert_shares(deleted: list[DeletedTransaction]) -> list[MissingReference]:
    found = {part["id"]: (key, part) for side in CONTENTS[1:3] for key, part in _contents(deleted, side)}
    ends = {part[end] for _, part in found.values() for end in ("refund_id", "expense_id")}
    rows = FinancialTransaction.objects.filter(user_id__in={row.user_id for row in deleted}, pk__in=ends)
    known = {str(key) for key in rows.values_list("pk", flat=True)}
    whole = [part for _, part in found.values() if {part["refund_id"], part["expense_id"]} <= known]
    stored = _stored_shares(
        [
            RefundShare(
                **_known(part, "id", "user_id", "refund_id", "expense_id", "currency", "allows_excess"),
                amount=Decimal(part["amount"]),
            )
            for part in whole
        ]
    )
    return [
        MissingReference(key, "refund_of", part["expense_id"] if str(key) == part["refund_id"] else part["refund_id"])
        for name, (key, part) in found.items()
        if name not in stored
    ]


def _stored_shares(shares: list[RefundShare]) -> set[str]:
    """Store shares and return their keys. If the database refuses them, store those that fit the transactions by now."""
    try:
        with transaction.atomic():
            RefundShare.objects.bulk_create(shares, ignore_conflicts=True)
    except IntegrityError:
        if len(shares) == 1:
            return set()
        half = len(shares) // 2
        return _stored_shares(shares[:half]) | _stored_shares(shares[half:])
    return {str(share.pk) for share in shares}


def _insert_transfers(deleted: list[DeletedTransaction], parameters: dict[str, Any]) -> list[MissingReference]:
    inserted = set[str]()
    with connection.cursor() as cursor:
        for side in CONTENTS[3:]:
            if any(row.parts.get(side.name) for row in deleted):
                cursor.execute(TRANSFER_AGAIN, parameters | {"name": side.name})
                inserted |= {str(key) for (key,) in cursor.fetchall()}
    found = {part["id"]: key for side in CONTENTS[3:] for key, part in _contents(deleted, side) if part["status"] == "accepted"}
    return [MissingReference(key, "transfer", name) for name, key in found.items() if name not in inserted]


def _known(part: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: part[name] for name in names}
