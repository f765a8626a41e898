"""Linking of two transactions as a transfer, by the user only."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from core.errors import ConflictError
from finance.models import FinancialTransaction, Transfer
from finance.models.transfers import LINKED_TWICE, TransferStatus
from finance.sources import TRANSFER, Sources


def lock_pair(*, owner: UUID, outgoing: UUID, incoming: UUID) -> None:
    """Lock the transactions of a transfer, before the transfer itself, as a change of a transaction does."""
    rows = FinancialTransaction.objects.filter(user_id=owner, pk__in=(outgoing, incoming)).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk"))


@transaction.atomic
def link_transactions(*, outgoing: FinancialTransaction, incoming: FinancialTransaction, now: datetime) -> Transfer:
    """Return an accepted transfer of two transactions; a proposed or refused one of the same two is accepted.

    Raise ConflictError if one of the two is part of an accepted transfer. The database refuses a pair that is no transfer.
    """
    lock_pair(owner=outgoing.user_id, outgoing=outgoing.pk, incoming=incoming.pk)
    own = Transfer.objects.filter(user_id=outgoing.user_id)
    found = own.select_for_update().filter(outgoing=outgoing, incoming=incoming).first()
    transfer = found or Transfer(user_id=outgoing.user_id, outgoing=outgoing, incoming=incoming)
    accept_transfer(transfer, now=now)
    return transfer


def accept_transfer(transfer: Transfer, *, now: datetime) -> None:
    """Accept a locked or new transfer, and delete the proposals that compete with it.

    Raise ConflictError if it is accepted already, or one of its transactions is part of another accepted transfer.
    """
    if transfer.status == TransferStatus.ACCEPTED:
        raise ConflictError("already_accepted", "This transfer is already accepted.")
    rows = (transfer.outgoing_id, transfer.incoming_id)
    others = Transfer.objects.filter(Q(outgoing_id__in=rows) | Q(incoming_id__in=rows), user_id=transfer.user_id)
    if others.filter(status=TransferStatus.ACCEPTED).exists():
        raise ConflictError("already_linked", LINKED_TWICE)
    others.filter(status=TransferStatus.PROPOSED).exclude(pk=transfer.pk).delete()
    _decide(transfer, TransferStatus.ACCEPTED, now=now)


def refuse_transfer(transfer: Transfer, *, now: datetime) -> None:
    """Refuse a locked transfer, so that it is never proposed again. An accepted one is taken back.

    Raise ConflictError if it is refused already.
    """
    if transfer.status == TransferStatus.REFUSED:
        raise ConflictError("already_refused", "This transfer is already refused.")
    _decide(transfer, TransferStatus.REFUSED, now=now)


def former_state(deleted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a deleted transaction that its transfer had changed, as they were before."""
    sources: Sources = deleted.get("sources") or {}
    entry = sources.get(TRANSFER, {})
    if "former" not in entry:
        return {}
    others = {name: value for name, value in sources.items() if name != TRANSFER}
    before = {TRANSFER: entry["before"]} if entry.get("before") else {}
    return {"transaction_type": entry["former"], "sources": others | before}


def _decide(transfer: Transfer, status: TransferStatus, *, now: datetime) -> None:
    """Save the decision. Triggers set the types of the transactions and remember the former ones."""
    transfer.status, transfer.decided_at = status, now
    transfer.save()
    transfer.refresh_from_db(fields=["outgoing_type", "incoming_type"])
