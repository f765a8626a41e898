"""The sum of the transactions after an account's balance, as one expression for lists, filters and single objects."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Func
from django.db.models.sql.compiler import SQLCompiler

# The braces are columns of the account, or their values. An index begins with owner, account and day. Amounts in another
# currency than the account's are never added.
SUM_SQL = """(
SELECT coalesce(sum(later.amount), 0)
  FROM finance_financialtransaction later
 WHERE later.user_id = {} AND later.financial_profile_id = {} AND later.transaction_date > {} AND later.currency = {}
   AND later.status IN ({})
)"""
COLUMNS = ("user_id", "id", "balance_date", "currency")
# Values of TransactionStatus, whose module refers to accounts. Failed and canceled transactions move no money.
BOOKED = ("completed", "disputed")
MOVING = (*BOOKED, "pending")


class LaterTransactions(Func):
    """The sum of an account's transactions after `balance_date` in its currency; 0 if there are none, or no balance.

    Only those with one of `statuses` are counted. For an object it is queried with its values, which need not be saved.
    """

    def __init__(self, *, statuses: Sequence[str] = MOVING) -> None:
        self.statuses = ", ".join(f"'{status}'" for status in statuses)
        super().__init__(*(F(name) for name in COLUMNS), output_field=models.DecimalField(max_digits=16, decimal_places=3))

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
        sql = SUM_SQL.format(*(sql for sql, _ in columns), self.statuses)
        return sql, [each for _, parameters in columns for each in parameters]

    def of_row(self, row: models.Model, now: datetime | None) -> Decimal:
        with connection.cursor() as cursor:
            sql = SUM_SQL.format(*["%s"] * len(COLUMNS), self.statuses)
            cursor.execute(f"SELECT {sql}", [getattr(row, name) for name in COLUMNS])
            [total] = cursor.fetchone()
        return Decimal(total)
