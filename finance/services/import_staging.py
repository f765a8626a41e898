"""The rows of a file in temporary tables, where the database can compare all of them at once with what it has.

The tables are the session's own and go with the transaction. Rows stream through: memory holds one COPY buffer.

    import_staged   the rows as they were read
    import_claim    the claims that they can meet
    import_place    what the rows say of each other: copies of one id, ranks among equals
    import_met      which claim or transaction a row is known by
    import_verdict  what becomes of each row; a verdict of NULL stands for `created`

A table that has just been filled has no statistics yet, and a plan made for an empty one can take hours. So the big tables
are entered by key only, from the rows of the file (LATERAL … OFFSET 0, which the planner leaves as it stands), and the
temporary ones are joined by hash (`hash_joins`): the work grows with the file, whatever the statistics say.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import orjson
from django.db import connection
from uuid_utils import uuid7

from finance.fingerprints import content_hash
from finance.statements.rows import RowError, RowOrError, StatementRow

# A second import in one transaction (a test, a script) finds the first one's tables and uses them again.
CREATE = """
CREATE TEMPORARY TABLE IF NOT EXISTS import_staged (
    number integer NOT NULL,
    row_id uuid NOT NULL,
    transaction_id uuid NOT NULL,
    problem jsonb,
    day date,
    amount numeric(12, 2),
    currency text,
    description text,
    merchant_name text,
    provider_id text NOT NULL,
    posted_date date,
    is_pending boolean NOT NULL,
    transaction_type text,
    category text,
    content uuid
) ON COMMIT DROP;
CREATE TEMPORARY TABLE IF NOT EXISTS import_claim (
    id uuid NOT NULL,
    provider_id text NOT NULL,
    content uuid,
    occurrence integer NOT NULL,
    transaction_id uuid,
    verdict text NOT NULL,
    is_pending boolean NOT NULL,
    has_id boolean NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE IF NOT EXISTS import_place (
    number integer NOT NULL,
    provider_id text NOT NULL,
    content uuid NOT NULL,
    original integer NOT NULL,
    slot integer
) ON COMMIT DROP;
CREATE TEMPORARY TABLE IF NOT EXISTS import_met (
    number integer NOT NULL,
    way text NOT NULL,
    claim_id uuid,
    transaction_id uuid
) ON COMMIT DROP;
CREATE TEMPORARY TABLE IF NOT EXISTS import_verdict (
    number integer NOT NULL,
    original integer,
    slot integer,
    way text,
    claim_id uuid,
    transaction_id uuid,
    candidates jsonb,
    verdict text
) ON COMMIT DROP;
TRUNCATE pg_temp.import_staged, pg_temp.import_claim, pg_temp.import_place, pg_temp.import_met, pg_temp.import_verdict
"""

COPY = """
COPY import_staged (number, row_id, transaction_id, problem, day, amount, currency, posted_date, is_pending, transaction_type,
                    content, description, merchant_name, provider_id, category) FROM STDIN
"""
LINES_AT_ONCE = 500
NULL = r"\N"


def stage(rows: Iterable[RowOrError]) -> None:
    """Put `rows` into the table `import_staged`, each with the keys (UUIDv7) that its records will get.

    Raises what reading `rows` raises: a StatementError may come at any row.
    """
    with connection.cursor() as cursor:
        cursor.execute(CREATE)
        all_lines = (_line_of_error(row) if isinstance(row, RowError) else _line(row) for row in rows)
        with cursor.copy(COPY) as copy:
            while some := "".join(islice(all_lines, LINES_AT_ONCE)):
                copy.write(some)
        cursor.execute("ANALYZE import_staged")


@contextmanager
def hash_joins() -> Iterator[None]:
    """Join by hash in the block, where a wrong estimate would have every pair of rows compared.

    A forbidden join that can't be avoided is priced so high that PostgreSQL would compile the plan first (Debian's servers
    can), which takes a second for each statement; hence no JIT.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off; SET LOCAL jit = off")
        yield
        cursor.execute("SET LOCAL enable_nestloop = on; SET LOCAL jit = on")


def _line_of_error(error: RowError) -> str:
    problem = orjson.dumps({"field": error.field, "code": error.code, "message": error.message}).decode()
    unknown = "\t".join([NULL] * 4)
    return f"{error.number}\t{uuid7()}\t{uuid7()}\t{_escaped(problem)}\t{unknown}\tf\t{unknown}\t\t{NULL}\n"


def _line(row: StatementRow) -> str:
    number, day, amount, currency, description, merchant, provider_id, posted, is_pending, kind, category = row
    content = content_hash(day=day, amount=amount, currency=currency, description=description)
    # clean texts have neither tabs nor line ends (`clean_text`)
    texts = _escaped(f"{description}\t{merchant}\t{provider_id}\t{category}")
    return (
        f"{number}\t{uuid7()}\t{uuid7()}\t{NULL}\t{day}\t{amount}\t{currency}\t{posted or NULL}\t{'t' if is_pending else 'f'}"
        f"\t{kind}\t{content}\t{texts}\n"
    )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\")


def staged_pages(sql: str, parameters: dict[str, Any], *, size: int = 5_000) -> Iterator[list[tuple[Any, ...]]]:
    """The result of a query in pages, through a cursor of the database, so that a large one takes no memory here."""
    with connection.cursor() as cursor:
        cursor.execute(f"DECLARE import_page NO SCROLL CURSOR FOR {sql}", parameters)
        while page := _fetched(cursor, size):
            yield page
        cursor.execute("CLOSE import_page")


def _fetched(cursor: Any, size: int) -> list[tuple[Any, ...]]:
    cursor.execute(f"FETCH {size:d} FROM import_page")
    return list(cursor.fetchall())
