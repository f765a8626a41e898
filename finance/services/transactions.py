"""Restoring of deleted transactions."""

from typing import Any
from uuid import UUID

import orjson
from django.db import IntegrityError, connection, transaction
from django.db.models.expressions import DatabaseDefault

from core.errors import ConflictError, DomainError
from core.models.base import json_ready
from finance.models import FinancialTransaction, StatementImportRow

# Columns that were added to the table after the deletion are filled with the defaults of a new row.
RESTORE = """
INSERT INTO finance_financialtransaction ({columns})
SELECT {columns}
  FROM (SELECT (jsonb_populate_record(NULL::finance_financialtransaction, %(defaults)s::jsonb || deleted_row)).*
          FROM finance_statementimportrow WHERE id = %(row)s) restored
"""


@transaction.atomic
def restore_transaction(*, user: Any, transaction_id: UUID) -> FinancialTransaction:
    """Restore a deleted imported transaction unchanged and under its id.

    Raise DomainError (404) if the user has no such deleted transaction, ConflictError if it conflicts with existing rows.
    """
    claims = StatementImportRow.objects.for_user(user).filter(transaction_id=transaction_id, is_claim=True)
    deleted = claims.filter(deleted_row__isnull=False).select_for_update().first()
    if deleted is None:
        raise DomainError("not_found", "There is no deleted transaction with this id to restore.", status=404)
    _insert_again(deleted.pk)
    claims.update(deleted_at=None, deleted_row=None)
    return FinancialTransaction.objects.get(pk=transaction_id)


def _insert_again(row_id: UUID) -> None:
    blank = FinancialTransaction()
    stored = [field for field in blank._meta.concrete_fields if not field.generated]
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in stored)
    values = {str(field.column): getattr(blank, field.attname) for field in stored}
    defaults = {name: json_ready(value) for name, value in values.items() if not isinstance(value, DatabaseDefault)}
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(RESTORE.format(columns=columns), {"row": row_id, "defaults": orjson.dumps(defaults).decode()})
    except IntegrityError as error:
        message = "This transaction can't be restored: another one has its reference number, or its account was deleted."
        raise ConflictError("place_taken", message) from error
