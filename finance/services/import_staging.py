"""Temporary tables for the rows of a file, which the database compares with existing rows in bulk.

The tables are dropped at the end of the transaction. Rows are streamed, so memory use is limited to one COPY buffer.

    import_staged   the rows as read from the file
    import_claim    claims of the transactions and reviews that the rows may be, with all claims of each
    import_copy     rows of the file that share a bank's id, or that the bank corrects in the same file
    import_open     rows that neither id nor content identifies, while the steps compare them with other kinds of ids
    import_unit     what the steps can match with them: transactions, and rows in review or ignored
    import_pair     proposed matches, before it is known how many there are
    import_met      the claim or transaction that identifies a row, and the way that it was found
    import_verdict  the verdicts; rows without one are created
    import_extra    what a person has added to the created rows in another app, with names in place of texts
    import_part     their parts

A newly filled table has no statistics, and a plan for an empty table can take hours. Therefore large tables are accessed by
key only, from the rows of the file (LATERAL … OFFSET 0, which the planner does not flatten), and temporary tables are joined
by hash (`hash_joins`). The cost grows with the file and does not depend on statistics.
"""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import islice
from typing import Any

import orjson
from django.db import connection
from uuid_utils import uuid7

from finance.fingerprints import content_hash, text_of
from finance.statements.rows import RowError, RowOrError, StatementRow

MANY_ROWS = 1_000

# IF NOT EXISTS and TRUNCATE: a second import in the same transaction (a test, a script) reuses the tables.
CREATE = """
CREATE TEMPORARY TABLE IF NOT EXISTS import_staged (
    number integer NOT NULL,
    row_id uuid NOT NULL,
    transaction_id uuid NOT NULL,
    problem jsonb,
    day date,
    amount numeric,
    currency text,
    description text,
    merchant_name text,
    provider_id text NOT NULL,
    posted_date date,
    is_pending boolean NOT NULL,
    transaction_type text,
    category text,
    content uuid,
    correction text,
    corrected_id text
) ON COMMIT DROP;
CREATE TEMPORARY TABLE IF NOT EXISTS import_claim (
    id uuid NOT NULL,
    unit uuid NOT NULL,
    transaction_id uuid,
    provider_id text NOT NULL,
    content uuid,
    day date,
    amount numeric,
    currency text,
    occurrence integer NOT NULL,
    verdict text NOT NULL,
    is_pending boolean NOT NULL,
    is_same_kind boolean NOT NULL,
    is_same_file boolean NOT NULL,
    is_other_mapping boolean NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE IF NOT EXISTS import_copy (
    number integer NOT NULL,
    original integer NOT NULL,
    head integer NOT NULL,
    is_alias boolean NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE IF NOT EXISTS import_open (
    number integer NOT NULL,
    day date NOT NULL,
    amount numeric NOT NULL,
    currency text NOT NULL,
    content uuid NOT NULL,
    provider_id text NOT NULL,
    is_pending boolean NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE IF NOT EXISTS import_unit (
    unit uuid NOT NULL,
    claim_id uuid NOT NULL,
    transaction_id uuid,
    day date NOT NULL,
    amount numeric NOT NULL,
    currency text NOT NULL,
    occurrence integer NOT NULL,
    has_same_id boolean NOT NULL,
    has_same_text boolean NOT NULL,
    is_waiting boolean NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE IF NOT EXISTS import_pair (
    number integer NOT NULL,
    unit uuid NOT NULL,
    is_certain boolean NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE IF NOT EXISTS import_met (
    number integer NOT NULL,
    way text NOT NULL,
    claim_id uuid,
    unit uuid,
    transaction_id uuid
) ON COMMIT DROP;
CREATE TEMPORARY TABLE IF NOT EXISTS import_verdict (
    number integer NOT NULL,
    original integer,
    way text,
    claim_id uuid,
    transaction_id uuid,
    candidates jsonb,
    verdict text NOT NULL,
    reason text NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE IF NOT EXISTS import_extra (
    number integer NOT NULL,
    payee text,
    note text NOT NULL,
    tags text[] NOT NULL,
    divided_by text NOT NULL,
    sources jsonb NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE IF NOT EXISTS import_part (
    number integer NOT NULL,
    place integer NOT NULL,
    amount numeric NOT NULL,
    category text,
    note text NOT NULL,
    tags text[] NOT NULL
) ON COMMIT DROP;
TRUNCATE pg_temp.import_staged, pg_temp.import_claim, pg_temp.import_copy, pg_temp.import_open, pg_temp.import_unit,
         pg_temp.import_pair, pg_temp.import_met, pg_temp.import_verdict, pg_temp.import_extra, pg_temp.import_part
"""

COPY = """
COPY import_staged (number, row_id, transaction_id, problem, day, amount, currency, posted_date, is_pending, transaction_type,
                    content, correction, description, merchant_name, provider_id, category, corrected_id) FROM STDIN
"""
LINES_AT_ONCE = 500
NULL = r"\N"


def stage(rows: Iterable[RowOrError]) -> None:
    """Copy `rows` into the table `import_staged`, with the keys (UUIDv7) of the records to create.

    Raise StatementError if reading `rows` raises it, which can happen at any row.
    """
    with connection.cursor() as cursor:
        cursor.execute(CREATE)
        all_lines = (_line_of_error(row) if isinstance(row, RowError) else _line(row) for row in rows)
        with cursor.copy(COPY) as copy:
            while some := "".join(islice(all_lines, LINES_AT_ONCE)):
                copy.write(some)
        # a sample of 3,000 rows suffices for a choice between joins that hash everything
        cursor.execute("SET LOCAL default_statistics_target = 10")
        cursor.execute("ANALYZE import_staged")
        cursor.execute("SET LOCAL default_statistics_target TO DEFAULT")


@contextmanager
def hash_joins() -> Iterator[None]:
    """Disable nested-loop joins in the block, because with a wrong estimate they would compare every pair of rows.

    The memory suffices to hash and to record most files without temporary files on the disk.

    JIT is disabled too. A nested loop that can't be avoided gets such a high cost that PostgreSQL would compile the plan first
    if it was built with JIT (as Debian's packages are), which takes a second per statement.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off; SET LOCAL jit = off; SET LOCAL work_mem = '64MB'")
        yield
        cursor.execute("SET LOCAL enable_nestloop = on; SET LOCAL jit = on; SET LOCAL work_mem TO DEFAULT")


def joins_for(number: int) -> AbstractContextManager[None]:
    """Return a context in which many rows are not joined by nested loops, which new rows without statistics would get."""
    return hash_joins() if number > MANY_ROWS else nullcontext()


# Texts of our own exports may have tabs and line ends.
COPY_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _line_of_error(error: RowError) -> str:
    problem = (
        orjson.dumps({"field": error.field, "code": error.code, "message": error.message}).decode().translate(COPY_ESCAPES)
    )
    unknown = "\t".join([NULL] * 4)
    return f"{error.number}\t{uuid7()}\t{uuid7()}\t{problem}\t{unknown}\tf\t{unknown}\t{NULL}\t\t{NULL}\t{NULL}\n"


def _line(row: StatementRow) -> str:
    number, day, amount, currency, description, merchant, provider_id, posted, is_pending, kind, category, correction, _ = row
    content = content_hash(day=day, amount=amount, currency=currency, text=text_of(description, merchant))
    action, corrected_id = correction or (NULL, "")
    texts = [description, merchant, provider_id, category, corrected_id]
    if "\\" in (together := "".join(texts)) or not together.isprintable():
        texts = [text.translate(COPY_ESCAPES) for text in texts]
    joined = "\t".join(texts)
    return (
        f"{number}\t{uuid7()}\t{uuid7()}\t{NULL}\t{day}\t{amount}\t{currency}\t{posted or NULL}\t{'t' if is_pending else 'f'}"
        f"\t{kind}\t{content}\t{action}\t{joined}\n"
    )


def staged_pages(sql: str, parameters: dict[str, Any], *, size: int = 5_000) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the result of a query in pages through a server-side cursor, in constant memory."""
    with connection.cursor() as cursor:
        cursor.execute(f"DECLARE import_page NO SCROLL CURSOR FOR {sql}", parameters)
        while page := _fetch(cursor, size):
            yield page
        cursor.execute("CLOSE import_page")


def _fetch(cursor: Any, size: int) -> list[tuple[Any, ...]]:
    cursor.execute(f"FETCH {size:d} FROM import_page")
    return list(cursor.fetchall())
