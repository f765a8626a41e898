"""Columns with the rows that divide a transaction, for lists and exports."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Func, TextField
from django.db.models.sql.compiler import SQLCompiler

# A row has no subquery unless its `divided_by` says that there is something to read. The JSON is formatted like that of Python,
# because an export writes the text as it is.
SPLITS = """\
CASE WHEN {divided_by} = 'splits' THEN (
    SELECT '[' || string_agg(
               '{{"amount": "' || amount || '", "category": ' || to_json(coalesce(category, '')) || ', "note": '
               || to_json(note) || ', "tags": ' || to_jsonb(tags) || '}}', ', ' ORDER BY number) || ']'
      FROM finance_transactionsplit WHERE user_id = {user} AND transaction_id = {key})
ELSE '[]' END"""
REFUND_OF = """\
CASE WHEN {divided_by} = 'refund_of' THEN (
    SELECT coalesce('["' || string_agg(expense_id::text, '", "' ORDER BY expense_id) || '"]', '[]')
      FROM finance_refundshare WHERE user_id = {user} AND refund_id = {key})
ELSE '[]' END"""


class DivisionColumn(Func):
    """The rows that divide a transaction, as JSON text."""

    def __init__(self, sql: str) -> None:
        super().__init__(F("divided_by"), F("user_id"), F("pk"), output_field=TextField())
        self.sql = sql

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *_: Any, **__: Any) -> tuple[str, tuple[()]]:
        divided_by, user, key = (compiler.compile(each)[0] for each in self.get_source_expressions())
        return self.sql.format(divided_by=divided_by, user=user, key=key), ()
