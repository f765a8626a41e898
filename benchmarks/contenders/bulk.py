"""Other imports of a statement: SQLAlchemy Core into the same table, and two plain-text accounting programs.

SQLAlchemy Core parses the file, selects the rows that the account has, and inserts the rest. The accounting programs only
read the same transactions from a file, which is their database. hledger is measured if Debian's package is installed.
"""

import csv
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from beancount import loader
from sqlalchemy import create_engine, insert, select
from uuid_utils.compat import uuid7

from benchmarks.contenders.fast_api import database_url
from benchmarks.data import BenchmarkUser
from benchmarks.responses import UnequalError
from benchmarks.servers.peers.tables import Transaction

TABLE: Any = Transaction.__table__
BATCH = 5_000
CONSTANT = {"transaction_type": "expense", "currency": "USD", "category": "", "merchant_name": "", "reference_number": ""}
ENTRY = """{day} * "{text}"
  Assets:Checking  {amount} USD
  Expenses:Unknown

"""
ACCOUNTS = """2000-01-01 open Assets:Checking USD
2000-01-01 open Expenses:Unknown USD
"""


class SqlalchemyCore:
    """`insert()` in batches, in one transaction."""

    def __init__(self) -> None:
        self._engine = create_engine(database_url("psycopg"))
        self._engine.connect().close()  # opens the session in the pool before anything is measured

    def import_file(self, file: Path, person: BenchmarkUser, account: UUID) -> int:
        """Import the rows of a file into an account, and return how many were new."""
        with self._engine.begin() as connection, file.open(newline="") as lines:
            existing = Counter(tuple(row) for row in connection.execute(self._known(account)))
            new = [row for row in map(_parsed, csv.DictReader(lines)) if not _remove(existing, row)]
            values = [self._row(person, account, *row) for row in new]
            for first in range(0, len(values), BATCH):
                connection.execute(insert(TABLE), values[first : first + BATCH])
            return len(new)

    def _known(self, account: UUID) -> Any:
        columns = (TABLE.c.transaction_date, TABLE.c.amount, TABLE.c.description)
        return select(*columns).where(TABLE.c.financial_profile_id == account)

    def _row(self, person: BenchmarkUser, account: UUID, day: date, amount: Decimal, text: str) -> dict[str, Any]:
        now = datetime.now(UTC)
        owned = {"id": uuid7(), "user_id": person.id, "financial_profile_id": account, "created_at": now, "updated_at": now}
        entered = {"transaction_date": day, "posted_date": day, "amount": amount, "description": text, "metadata": {}}
        return CONSTANT | owned | entered | {"status": "completed"}


def _parsed(line: dict[str, str]) -> tuple[date, Decimal, str]:
    return date.fromisoformat(line["Date"]), Decimal(line["Amount"]), line["Description"].strip()


def _remove(existing: Counter[Any], row: Any) -> bool:
    """Remove one occurrence of the row, so that equal rows of a file match different ones. Return False if there is none."""
    if existing[row] < 1:
        return False
    existing[row] -= 1
    return True


def ledger(file: Path) -> Path:
    """Write the transactions of `file` to a new file in beancount's syntax, and return its path."""
    with file.open(newline="") as lines:
        entries = [
            ENTRY.format(day=row["Date"], text=row["Description"], amount=row["Amount"]) for row in csv.DictReader(lines)
        ]
    path = file.with_suffix(".beancount")
    path.write_text(ACCOUNTS + "".join(entries))
    return path


def readers(file: Path, rows: int) -> dict[str, Callable[[], None]]:
    """Return the installed accounting programs by name, each as a function that reads the transactions of `file`."""
    path = ledger(file)
    found: dict[str, Callable[[], None]] = {"beancount, only reading": lambda: _beancount(path, rows)}
    program = shutil.which("hledger")
    if program:
        journal = path.with_suffix(".journal")
        journal.write_text(path.read_text().removeprefix(ACCOUNTS).replace(' * "', " * ").replace('"\n', "\n"))
        found["hledger, only reading"] = lambda: _hledger(program, journal)
    return found


def _beancount(path: Path, rows: int) -> None:
    loader.initialize(use_cache=False)  # or the second run would read a pickle of the first
    entries, errors, _ = loader.load_file(str(path))
    if errors or len(entries) < rows:
        raise UnequalError(f"beancount read {len(entries)} entries of {rows}: {errors[:1]}")


def _hledger(program: str, journal: Path) -> None:
    subprocess.run([program, "--file", str(journal), "balance"], check=True, capture_output=True)  # noqa: S603 - Debian's
