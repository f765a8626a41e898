"""Matching of rows whose ids or texts can't be compared with those of known transactions.

- Another kind of ids, such as CAMT after OFX: by day, amount and currency, as a multiset (`finance.day_matching`).
- The same kind of file, read with other columns: rows whose text alone differs, `same_row_other_text`.
- The same kind of ids, which the bank changes with each download: rows of equal content, `ids_changed`.
- The same id with other content: `same_id_other_content`.

Only rows that `import_dedup` has not identified are read here. Those that are sure become duplicates, the others reviews.
"""

from itertools import groupby
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from finance.day_matching import Dated, match_days
from finance.services.import_dedup import ALL_CLAIMS, UNMATCHED
from finance.services.import_staging import staged_pages

# Rows with equal content under other ids, or with equal day and amount under another text, are only the same if most of the
# file is known: two purchases at the same shop on a day are usual. In percent.
MIN_KNOWN = 80
# With the same columns as before, a different text means another purchase, unless so many rows agree in all else.
MIN_ROWS_OF_NEW_TEXT = 10

OPEN = f"INSERT INTO import_open SELECT number, day, amount, currency, content, provider_id, is_pending {UNMATCHED}"

# The claims of units that are a day away; those of the same day are read already.

NEARBY_CLAIMS = f"""
INSERT INTO import_claim
WITH claim AS MATERIALIZED ({ALL_CLAIMS}), hit AS (
    SELECT unit
      FROM claim JOIN (SELECT DISTINCT day + shift AS day, amount, currency
                         FROM import_open CROSS JOIN (VALUES (-1), (1)) AS days (shift)) AS near USING (day, amount, currency)
    EXCEPT SELECT unit FROM import_claim
)
SELECT claim.* FROM claim JOIN hit USING (unit)
"""  # noqa: S608 - put together from constants

# The day and amount of a unit are those of its newest claim that is not pending. `is_waiting`: its transaction still is.
UNITS = """
INSERT INTO import_unit
SELECT DISTINCT ON (unit) unit, id, transaction_id, day, amount, currency, occurrence,
       bool_or(is_same_kind AND provider_id <> '') OVER one, bool_or(is_same_kind AND provider_id = '') OVER one,
       bool_or(is_pending) OVER one AND EXISTS (
           SELECT FROM finance_financialtransaction entry
            WHERE entry.user_id = %(user)s AND entry.id = transaction_id AND status = 'pending')
  FROM import_claim claim
 WHERE NOT EXISTS (SELECT FROM import_met met WHERE met.unit = claim.unit)
WINDOW one AS (PARTITION BY unit)
 ORDER BY unit, is_pending, id DESC
"""

ROWS_LEFT = "FROM import_open open WHERE NOT EXISTS (SELECT FROM import_met met WHERE met.number = open.number)"
UNITS_LEFT = "FROM import_unit known WHERE NOT EXISTS (SELECT FROM import_met met WHERE met.unit = known.unit)"

# Equal content, with an id or without one: either is new for the transaction.
BY_CONTENT = f"""
INSERT INTO import_met (number, way, claim_id, unit, transaction_id)
SELECT DISTINCT ON (unit) number, 'content', claim_id, unit, transaction_id
  FROM (SELECT number, content, row_number() OVER (PARTITION BY content ORDER BY number) AS rank
        {ROWS_LEFT} AND (provider_id <> '') = %(named)s) AS row
  JOIN (SELECT content, unit, left_over.transaction_id, (array_agg(id ORDER BY claim.occurrence))[1] AS claim_id,
               row_number() OVER (PARTITION BY content ORDER BY min(claim.occurrence)) AS rank
          FROM import_claim claim
          JOIN (SELECT unit, transaction_id {UNITS_LEFT} AND NOT CASE WHEN %(named)s THEN has_same_id ELSE has_same_text END)
               AS left_over USING (unit)
         GROUP BY content, unit, left_over.transaction_id) AS worded USING (content, rank)
 ORDER BY unit, number
"""  # noqa: S608 - put together from constants

SAME_ROWS = f"""
INSERT INTO import_pair
SELECT number, unit, (SELECT bool_or(is_same_file) FROM import_claim claim WHERE claim.unit = worded.unit AND is_same_kind)
  FROM (SELECT number, day, amount, currency, row_number() OVER (PARTITION BY day, amount, currency ORDER BY number) AS rank
        {ROWS_LEFT} AND (provider_id <> '') = %(named)s AND NOT is_pending) AS row
  JOIN (SELECT unit, day, amount, currency,
               row_number() OVER (PARTITION BY day, amount, currency ORDER BY occurrence, unit) AS rank
        {UNITS_LEFT} AND CASE WHEN has_same_id THEN NOT %(named)s ELSE has_same_text END AND NOT is_waiting)
       AS worded USING (day, amount, currency, rank)
"""  # noqa: S608 - put together from constants

CHANGED_IDS = f"""
INSERT INTO import_pair
SELECT number, unit, false
  FROM (SELECT number, content, row_number() OVER (PARTITION BY content ORDER BY number) AS rank
        {ROWS_LEFT} AND provider_id <> '') AS row
  JOIN (SELECT content, unit, row_number() OVER (PARTITION BY content ORDER BY min(claim.occurrence)) AS rank
          FROM import_claim claim JOIN (SELECT unit {UNITS_LEFT} AND has_same_id AND NOT is_waiting) AS left_over USING (unit)
         WHERE is_same_kind AND provider_id <> ''
         GROUP BY content, unit) AS worded USING (content, rank)
"""  # noqa: S608 - put together from constants

TAKE_PAIRS = """
INSERT INTO import_met (number, way, claim_id, unit, transaction_id)
SELECT DISTINCT ON (unit) number, %(way)s, claim_id, unit, transaction_id
  FROM import_pair JOIN import_unit USING (unit)
 WHERE is_certain OR NOT %(certain)s
 ORDER BY unit, number
"""

# How many rows of the file, or of its part that overlaps with the files of the same kind, are known by now.
KNOWN = """
SELECT count(*), count(met.number) + (SELECT count(*) FROM import_pair)
  FROM import_staged staged
  LEFT JOIN import_met met USING (number)
 WHERE problem IS NULL AND correction IS NULL AND day BETWEEN %(first)s AND %(last)s
   AND NOT EXISTS (SELECT FROM import_copy copy WHERE copy.number = staged.number AND copy.original <> copy.number)
"""
SPAN = f"SELECT min(day), max(day) FROM ({ALL_CLAIMS}) AS claim WHERE is_same_kind"  # noqa: S608 - put together from constants
PAIRS = """
SELECT count(DISTINCT number), bool_or(is_certain), bool_or(is_other_mapping)
  FROM import_pair JOIN import_claim USING (unit) WHERE is_same_kind
"""

# The rows and units of equal amount and currency among which both are left over. Pairs of equal content on the same day take
# part, because a file whose days are all shifted has such pairs by chance if a purchase is repeated daily.
SAME_AMOUNTS = f"""
WITH row AS (
    SELECT number, day, amount, currency, content, NULL::uuid AS unit
      {ROWS_LEFT} AND (provider_id <> '') = %(named)s AND is_pending = %(pending)s
), known AS (
    SELECT unit, day, amount, currency, content
      FROM (SELECT unit, claim_id, day, amount, currency
            {UNITS_LEFT} AND NOT has_same_id AND NOT has_same_text AND (%(pending)s OR NOT is_waiting)) AS known
      JOIN (SELECT id AS claim_id, content FROM import_claim) AS worded USING (claim_id)
), both_left AS (
    SELECT amount, currency FROM row INTERSECT SELECT amount, currency FROM known
), paired AS (
    SELECT number, unit, amount, currency, open.day AS row_day, import_unit.day, content
      FROM import_open open
      JOIN import_met USING (number)
      JOIN import_unit USING (unit, amount, currency)
     WHERE way = 'content' AND (provider_id <> '') = %(named)s AND is_pending = %(pending)s
       AND NOT has_same_id AND NOT has_same_text
)
SELECT amount, currency, day, number, unit, content
  FROM (SELECT amount, currency, day, number, NULL::uuid AS unit, content FROM row
        UNION ALL SELECT amount, currency, day, NULL, unit, content FROM known
        UNION ALL SELECT amount, currency, row_day, number, NULL, content FROM paired
        UNION ALL SELECT amount, currency, day, NULL, unit, content FROM paired) AS either
  JOIN both_left USING (amount, currency)
 ORDER BY currency, amount
"""  # noqa: S608 - put together from constants

ADD_PAIRS = """
INSERT INTO import_pair
SELECT number, unit, certain FROM jsonb_to_recordset(%(pairs)s::jsonb) AS pair (number integer, unit uuid, certain boolean)
"""
RELEASE_PAIRED = """
DELETE FROM import_met met USING import_pair pair WHERE met.number = pair.number OR met.unit = pair.unit
"""

# More rows of an amount on a day than transactions: one of them is new, but which is unknown. Rows of another text are new if
# the texts are comparable, because they come from the same kind of file.
LEFT_OVER = f"""
INSERT INTO import_met (number, way)
SELECT number, 'left over'
  {ROWS_LEFT} AND EXISTS (
           SELECT FROM import_open matched JOIN import_met met USING (number) JOIN import_unit USING (unit)
            WHERE way IN ('content', 'day') AND matched.day = open.day AND matched.amount = open.amount
              AND matched.currency = open.currency
              AND (matched.content = open.content OR NOT has_same_id AND NOT has_same_text))
"""  # noqa: S608 - put together from constants

# Another use of a known id. An id that has two contents already is probably the newer one.
OTHER_CONTENT = f"""
INSERT INTO import_met (number, way, claim_id, unit, transaction_id)
SELECT DISTINCT ON (row.number) row.number, 'other content', claim.id, unit, transaction_id
  FROM (SELECT number, provider_id, day, amount, currency {ROWS_LEFT} AND provider_id <> '') AS row
  JOIN import_claim claim USING (provider_id)
 WHERE is_same_kind
 ORDER BY row.number, (claim.day = row.day AND claim.amount = row.amount AND claim.currency = row.currency) DESC, claim.id DESC
"""  # noqa: S608 - put together from constants


def match_kinds(parameters: dict[str, Any]) -> None:
    """Fill `import_met` for rows that neither id nor content identifies; `parameters` are those of `import_dedup`."""
    with connection.cursor() as cursor:
        cursor.execute(OPEN)
        if not cursor.rowcount:
            return
        cursor.execute("ANALYZE import_open")
        cursor.execute(NEARBY_CLAIMS, parameters)
        cursor.execute("ANALYZE import_claim")
        cursor.execute(UNITS, parameters)
        cursor.execute("ANALYZE import_unit")
        cursor.execute("SELECT DISTINCT provider_id <> '', is_pending FROM import_open")
        groups = [{"named": named, "pending": pending} for named, pending in cursor.fetchall()]
        kinds = sorted({group["named"] for group in groups}, reverse=True)
        for named in kinds:
            cursor.execute(BY_CONTENT, {"named": named})
        for named in kinds:
            _match_texts(cursor, parameters, named=named)
        for group in groups:
            _match_days(cursor, group)
        cursor.execute(LEFT_OVER)
        _match_changed_ids(cursor)
        cursor.execute(OTHER_CONTENT)


def _match_texts(cursor: Any, parameters: dict[str, Any], *, named: bool) -> None:
    """Match rows with those of an earlier file whose text alone differs, if the file or most of its rows are the same."""
    cursor.execute(SAME_ROWS, {"named": named})
    cursor.execute(PAIRS)
    pairs, has_same_file, has_other_mapping = cursor.fetchone()
    if pairs:
        cursor.execute(SPAN, parameters)
        first, last = cursor.fetchone()
        is_likely = has_other_mapping or pairs >= MIN_ROWS_OF_NEW_TEXT
        is_all = is_likely and _is_mostly_known(cursor, first, last)
        if is_all or has_same_file:
            cursor.execute(TAKE_PAIRS, {"way": "other text", "certain": not is_all})
    cursor.execute("TRUNCATE import_pair")


def _match_changed_ids(cursor: Any) -> None:
    cursor.execute(CHANGED_IDS)
    if cursor.rowcount and _is_mostly_known(cursor, "-infinity", "infinity"):
        cursor.execute(TAKE_PAIRS, {"way": "other id", "certain": False})
    cursor.execute("TRUNCATE import_pair")


def _is_mostly_known(cursor: Any, first: Any, last: Any, *, besides: int = 0) -> bool:
    """Return True if most rows from `first` to `last` are matched or paired, without counting `besides` of the pairs."""
    cursor.execute(KNOWN, {"first": first, "last": last})
    rows, known = (count - besides for count in cursor.fetchone())
    return bool(rows > 0 and known * 100 >= rows * MIN_KNOWN)


def _match_days(cursor: Any, group: dict[str, bool]) -> None:
    """Match rows with transactions that came under another kind of ids, by day, amount and currency.

    A transaction of the day before or after the file's period is only the same if the rest of the file is known, too.
    """
    cursor.execute("SELECT min(day), max(day) FROM import_staged")
    first, last = cursor.fetchone()
    lines = (line for page in staged_pages(SAME_AMOUNTS, group) for line in page)
    pairs: list[tuple[int, UUID, bool]] = []
    for _, entries in groupby(lines, key=lambda line: line[:2]):
        rows: list[Dated] = []
        known: list[Dated] = []
        for _, _, day, number, unit, content in entries:
            (known if number is None else rows).append(Dated(day, unit if number is None else number, content))
        matched = match_days(rows, known)
        pairs += [(row.key, unit.key, first <= unit.day <= last) for row, unit in matched]  # type: ignore[misc]  # `Dated.key` is a number here or a UUID
    if not pairs:
        return
    found = [{"number": number, "unit": unit, "certain": certain} for number, unit, certain in pairs]
    cursor.execute(ADD_PAIRS, {"pairs": orjson.dumps(found).decode()})
    cursor.execute(RELEASE_PAIRED)
    outside = sum(not certain for _, _, certain in pairs)
    is_known = _is_mostly_known(cursor, "-infinity", "infinity", besides=outside)
    cursor.execute(TAKE_PAIRS, {"way": "day", "certain": not is_known})
    if not is_known:
        cursor.execute("DELETE FROM import_pair WHERE is_certain")
        cursor.execute(TAKE_PAIRS, {"way": "near the edge", "certain": False})
    cursor.execute("TRUNCATE import_pair")
