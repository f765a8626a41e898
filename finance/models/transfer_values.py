"""Values of a transfer that are computed from its two transactions."""

from datetime import datetime
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Func
from django.db.models.sql.compiler import SQLCompiler

from core.fast_lists.compiled_queries import read_in_transaction
from core.fast_lists.query_session import CompiledQuery, from_sql

COLUMNS = ("user_id", "outgoing_id", "user_id", "incoming_id")
# The braces are the columns of the transfer, or their values.
PAIR_SQL = """(
SELECT {value}
  FROM finance_financialtransaction paid, finance_financialtransaction received
 WHERE paid.user_id = {} AND paid.id = {} AND received.user_id = {} AND received.id = {}
)"""
FEE = "CASE WHEN paid.currency = received.currency THEN - paid.amount - received.amount END"
FEE_CURRENCY = "CASE WHEN paid.currency = received.currency THEN paid.currency END"
DAYS_APART = "received.transaction_date - paid.transaction_date"


class PairValue(Func):
    """A SQL expression over the transactions `paid` and `received` of a transfer. For an object it is queried with its keys."""

    def __init__(self, value: str, output_field: models.Field[Any, Any]) -> None:
        self.value = value
        super().__init__(*(F(name) for name in COLUMNS), output_field=output_field)

    def as_sql(
        self,
        compiler: SQLCompiler,
        connection: BaseDatabaseWrapper,
        function: str | None = None,
        template: str | None = None,
        arg_joiner: str | None = None,
        **extra_context: Any,
    ) -> tuple[str, Any]:
        columns = [compiler.compile(source) for source in self.get_source_expressions()]
        sql = PAIR_SQL.format(*(sql for sql, _ in columns), value=self.value)
        return sql, [each for _, parameters in columns for each in parameters]

    def of_row(self, row: models.Model, now: datetime | None) -> Any:
        values = {name: getattr(row, name) for name in COLUMNS}
        [(found,)] = read_in_transaction(connections[DEFAULT_DB_ALIAS], _statement(self.value), values)
        return found


@cache
def _statement(value: str) -> CompiledQuery:
    return from_sql("SELECT " + PAIR_SQL.format(*["%s"] * len(COLUMNS), value=value), COLUMNS)
