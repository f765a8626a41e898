"""Import of a statement file into an empty account, and a second import of the same file.

The limit is one COPY of prepared rows into the same table, with its indexes, constraints and foreign keys. Unlike an import,
it reads no file, detects no duplicates and does not record the origin of the rows.
"""

import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from benchmarks.contenders.bulk import SqlalchemyCore, readers
from benchmarks.data import COPY, FIRST_DAY, SEED, SHOPS, BenchmarkUser, BenchmarkUsers, new_account, transaction
from benchmarks.measure import Meter, Prepare, Result, Work, always, interleaved, timed
from benchmarks.production import connection_parameters, peak_of
from benchmarks.responses import UnequalError
from benchmarks.scale import Scale
from core import clock, rls
from finance.models import EncryptedFinancialProfile
from finance.services import import_statement
from finance.statements.source import StatementSource

CORE = "SQLAlchemy Core, the same table"
LIMIT, FIRST, AGAIN = "COPY into the same table", "MINGUS import", "MINGUS import, the same file again"
DAYS = 3 * 365


@dataclass(frozen=True, slots=True)
class Imports:
    """Results of the imports: seconds for a whole file, and the memory of one import beyond an idle process."""

    rows: int
    results: list[Result]
    peak_bytes: int


class Bank:
    """A user, their statement file, and the accounts that it is imported into."""

    def __init__(self, person: BenchmarkUser, file: Path, rows: int, connection: "psycopg.Connection[Any]") -> None:
        self._person, self._file, self._rows, self._connection = person, file, rows, connection
        self._account: EncryptedFinancialProfile | None = None

    def copy(self) -> Work:
        """Prepare the limit, a COPY into a new account."""
        lines = copied(self._person, new_account(self._person).pk, self._rows)
        return lambda: [timed(lambda: self._copy(lines))]

    def _copy(self, lines: bytes) -> None:
        with self._connection.transaction(), self._connection.cursor().copy(COPY) as copy:
            copy.write(lines)

    def import_new(self) -> Work:
        """Prepare an import into a new account."""
        self._account = new_account(self._person)
        return lambda: [timed(lambda: self._import("created"))]

    def import_again(self) -> Work:
        """Prepare a second import into the same account."""
        return lambda: [timed(lambda: self._import("duplicates"))]

    def import_with_sqlalchemy(self) -> Work:
        """Prepare an import into a new account by SQLAlchemy Core."""
        account, core = new_account(self._person), SqlalchemyCore()

        def import_rows() -> None:
            if core.import_file(self._file, self._person, account.pk) != self._rows:
                raise UnequalError("SQLAlchemy Core did not insert all rows")

        return lambda: [timed(import_rows)]

    def _import(self, verdict: str) -> None:
        account = self._account or new_account(self._person)
        with self._file.open("rb") as file, rls.as_customer(account.user):
            source = StatementSource(file=file, filename="statement.csv")
            result = import_statement(source, account=account, now=clock.now())
        if getattr(result, verdict) != self._rows:
            raise UnequalError(f"Of {self._rows} rows, {getattr(result, verdict)} are {verdict} and {result.failed} failed")


def _timed_once(action: Callable[[], None]) -> list[float]:
    return [timed(action)]


def statement(rows: int) -> str:
    """Return a bank's CSV file without IDs, oldest row first."""
    draw = random.Random(SEED)  # noqa: S311 - invented money
    lines = ["Date,Description,Amount"]
    for number in range(rows):
        day = FIRST_DAY + timedelta(number * DAYS // rows)
        lines.append(
            f"{day},CARD PURCHASE {draw.choice(SHOPS).upper()} #{number:06},-{draw.randrange(1, 200)}.{number % 100:02}"
        )
    return "\n".join([*lines, ""])


def copied(person: BenchmarkUser, account: UUID, rows: int) -> bytes:
    """Return the rows as the import would store them, in COPY's text format."""
    draw, owner = random.Random(SEED), BenchmarkUser(person.id, account, person.token)  # noqa: S311 - invented money
    days = (FIRST_DAY + timedelta(number * DAYS // rows) for number in range(rows))
    lines = (transaction(owner, draw, number=number, category="", day=day) for number, day in enumerate(days))
    return "".join("\t".join(line) + "\n" for line in lines).encode()


def run(users: BenchmarkUsers, meter: Meter, scale: Scale) -> Imports:
    """Measure imports of an ordinary user."""
    person = users.others[0]
    with tempfile.TemporaryDirectory() as folder, psycopg.connect(**connection_parameters()) as connection:
        file = Path(folder, "statement.csv")
        file.write_text(statement(scale.import_rows))
        bank = Bank(person, file, scale.import_rows, connection)
        work: dict[str, Prepare] = {
            LIMIT: bank.copy,
            FIRST: bank.import_new,
            AGAIN: bank.import_again,
            CORE: bank.import_with_sqlalchemy,
        }
        work |= {name: always(partial(_timed_once, read)) for name, read in readers(file, scale.import_rows).items()}
        results = interleaved(work, rounds=scale.import_rounds, meter=meter, warm_up=False)
        return Imports(scale.import_rows, results, peak_of("import", str(file), str(new_account(person).pk)))
