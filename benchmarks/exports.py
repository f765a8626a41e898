"""Export of all transactions of one user as a CSV file, in batches.

The limit is one COPY TO of the same columns, read to its end as the tables' owner. It has no row-level security and no
escaping of formulas, and its transaction stays open as long as the client reads.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast
from uuid import UUID

import psycopg

from benchmarks.data import COLUMNS, BenchmarkUsers
from benchmarks.measure import Meter, Result, Work, always, interleaved, timed
from benchmarks.production import connection_parameters, peak_of
from benchmarks.responses import UnequalError
from benchmarks.scale import Scale
from core import rls
from core.fast_lists.sql_serializer import SqlSerializer
from finance import exports
from finance.models import FinancialTransaction
from finance.serializers.transactions import TransactionSerializer
from users.models import User

LIMIT, EXPORT = "COPY TO of the same columns", "MINGUS export"
# Increasing keys as with UUIDv7, so that the table contains the rows in the order of the keys.
FILL = f"""
INSERT INTO finance_financialtransaction ({COLUMNS})
SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid, user_id, financial_profile_id, transaction_type,
       amount, currency, description, category, merchant_name, transaction_date, posted_date, '', status, metadata,
       created_at, updated_at
  FROM generate_series(1, %(rows)s) AS number
 CROSS JOIN (SELECT * FROM finance_financialtransaction WHERE user_id = %(source)s LIMIT 1) AS entry
"""  # noqa: S608 - put together from constants
COUNT = "SELECT count(*) FROM finance_financialtransaction WHERE user_id = %s"
DERIVED = "transaction_type = 'income', transaction_type = 'expense', abs(amount), status = 'completed'"
COPY = f"""
COPY (SELECT {COLUMNS}, {DERIVED} FROM finance_financialtransaction WHERE user_id = %s ORDER BY id) TO STDOUT (FORMAT csv)
"""  # noqa: S608 - put together from constants


@dataclass(frozen=True, slots=True)
class Exports:
    """Results of the exports: seconds for a whole file, and the memory of one export beyond an idle process."""

    rows: int
    results: list[Result]
    peak_bytes: int


def csv_of(user_id: UUID) -> Iterator[bytes]:
    """Return the chunks of the file with the transactions of a user."""
    rows = FinancialTransaction.objects.filter(user_id=user_id)
    return exports.as_csv(rows, cast("SqlSerializer", TransactionSerializer.get_sql_serializer()))


def run(people: BenchmarkUsers, meter: Meter, scale: Scale) -> Exports:
    """Measure exports of a user who is given `export_rows` more transactions."""
    person = people.others[-1]
    with psycopg.connect(**connection_parameters(), autocommit=True) as plain:
        plain.execute(FILL, {"rows": scale.export_rows, "source": person.id})
        plain.execute("VACUUM ANALYZE finance_financialtransaction")
        rows = plain.execute(COUNT, [person.id]).fetchall()[0][0]

        def copy() -> None:
            with plain.cursor() as cursor, cursor.copy(COPY, [person.id]) as lines:
                _check(sum(1 for _ in lines), rows)

        work: dict[str, Work] = {LIMIT: lambda: [timed(copy)], EXPORT: lambda: [timed(lambda: _export(person.id, rows))]}
        contenders = {name: always(each) for name, each in work.items()}
        results = interleaved(contenders, rounds=scale.import_rounds, meter=meter)
        return Exports(rows, results, peak_of("export", str(person.id)))


def _export(user_id: UUID, rows: int) -> None:
    with rls.as_customer(User(pk=user_id)):
        _check(sum(piece.count(b"\r\n") for piece in csv_of(user_id)) - 1, rows)


def _check(found: int, rows: int) -> None:
    if found != rows:
        raise UnequalError(f"Got {found} rows instead of {rows}")
