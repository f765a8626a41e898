"""Transfers between the accounts of a file that was moved in, and parents of its new categories."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from finance.models import Category, Transfer
from finance.models.categories import CategoryKind
from finance.models.transfers import TransferStatus
from finance.moves.rows import CategoryPlan, Pair
from finance.services.names import current_names, resolve_categories

# Both sides must be new. A pair with a transaction that was there before is left to the proposals, which a person decides on.
PAIRS = """
WITH row AS MATERIALIZED (
    SELECT statement_import_id, number, transaction_id FROM finance_statementimportrow
     WHERE user_id = %(user)s AND statement_import_id = ANY (%(imports)s::uuid[]) AND verdict = 'created'
)
SELECT paid.id, received.id
  FROM unnest(%(paying)s::uuid[], %(paid)s::integer[], %(receiving)s::uuid[], %(received)s::integer[])
       WITH ORDINALITY AS pair (from_import, from_number, to_import, to_number, place)
  JOIN row AS outgoing ON outgoing.statement_import_id = from_import AND outgoing.number = from_number
  JOIN row AS incoming ON incoming.statement_import_id = to_import AND incoming.number = to_number
  JOIN finance_financialtransaction paid ON paid.user_id = %(user)s AND paid.id = outgoing.transaction_id
  JOIN finance_financialtransaction received ON received.user_id = %(user)s AND received.id = incoming.transaction_id
 WHERE finance_transfer_problem(paid, received) IS NULL
 ORDER BY place
"""
# The type that a transfer gives to its transactions is no change by a person, which an undo of the import would keep.
AS_CREATED = """
UPDATE finance_financialtransaction SET updated_at = created_at
 WHERE user_id = %(user)s AND id = ANY (%(keys)s::uuid[]) AND updated_at <> created_at
"""
MADE_BY_MOVE = """
SELECT transfer.id, paid.id, received.id
  FROM finance_statementimportrow line
  JOIN finance_transfer transfer
    ON transfer.user_id = line.user_id AND line.transaction_id IN (transfer.outgoing_id, transfer.incoming_id)
  JOIN finance_financialtransaction paid ON paid.user_id = transfer.user_id AND paid.id = transfer.outgoing_id
  JOIN finance_financialtransaction received ON received.user_id = transfer.user_id AND received.id = transfer.incoming_id
 WHERE line.user_id = %(user)s AND line.statement_import_id = %(import)s AND line.verdict = 'created'
   AND transfer.status = 'accepted' AND paid.updated_at = paid.created_at AND received.updated_at = received.created_at
"""
BATCH = 1_000


def link_pairs(pairs: Sequence[Pair], imports: Mapping[str, UUID], *, user_id: UUID, now: datetime) -> int:
    """Accept the transfers of a file, and return their number. `imports` are the imports of the file's accounts.

    The person has made these pairs in the other app, and has requested the move after its preview.
    """
    usable = [pair for pair in pairs if pair.outgoing.account in imports and pair.incoming.account in imports]
    if not usable:
        return 0
    parameters = {
        "user": user_id,
        "imports": list(imports.values()),
        "paying": [imports[pair.outgoing.account] for pair in usable],
        "paid": [pair.outgoing.number for pair in usable],
        "receiving": [imports[pair.incoming.account] for pair in usable],
        "received": [pair.incoming.number for pair in usable],
    }
    found = _rows(PAIRS, parameters)
    Transfer.objects.bulk_create(
        (
            Transfer(user_id=user_id, outgoing_id=paid, incoming_id=received, status=TransferStatus.ACCEPTED, decided_at=now)
            for paid, received in found
        ),
        batch_size=BATCH,
    )
    _set_as_created(user_id, [key for pair in found for key in pair])
    return len(found)


def unlink_pairs(*, user_id: UUID, statement_import: UUID) -> None:
    """Take back the transfers that a move has made with transactions of an import, so that both accounts can be undone."""
    found = _rows(MADE_BY_MOVE, {"user": user_id, "import": statement_import})
    Transfer.objects.filter(user_id=user_id, pk__in=[transfer for transfer, _, _ in found]).delete()
    _set_as_created(user_id, [key for _, *pair in found for key in pair])


def set_parents(plans: Mapping[str, CategoryPlan], *, user_id: UUID, known: Collection[str]) -> None:
    """Give the new categories of a file the parents that it names; `known` are the slugs that were there before."""
    slugs = current_names(user_id, "category", [name for name, plan in plans.items() if plan.parent])
    wanted = {slug: plans[name] for name, slug in slugs.items() if slug not in known}
    if not wanted:
        return
    kinds = {plan.parent: CategoryKind(plan.kind or CategoryKind.EXPENSE) for plan in wanted.values()}
    parents = resolve_categories(user_id, kinds)
    own = Category.objects.filter(user_id=user_id)
    keys = dict(own.filter(slug__in=set(parents.values())).values_list("slug", "pk"))
    rows = list(own.filter(slug__in=wanted, parent=None))
    changed = [row for row in rows if (key := keys[parents[wanted[row.slug].parent]]) != row.pk and _set_parent(row, key)]
    Category.objects.bulk_update(changed, ["parent"])


def _set_parent(row: Category, parent: UUID) -> bool:
    row.parent_id = parent
    return True


def _set_as_created(user_id: UUID, keys: list[UUID]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(AS_CREATED, {"user": user_id, "keys": keys})


def _rows(sql: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
