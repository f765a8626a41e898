"""Verdicts for all staged rows. Dry runs and real imports share this code, so a preview shows exactly what an import does.

Rows that are known by id or content are never created again (`import_dedup`), and neither are those that came under another
kind of id (`import_kinds`). The others are compared with pending transactions and with those that the user entered
(`finance.pending_matching`). All remaining rows are new and have no line in `import_verdict`.
"""

from collections.abc import Mapping
from typing import Any

import orjson
from django.db import connection

from finance.models import EncryptedFinancialProfile
from finance.pending_matching import MAX_DAYS_TO_POST, ExistingTransaction, IncomingRow, match, texts_of
from finance.services import import_dedup, import_verdicts
from finance.services.import_corrections import match_corrections
from finance.services.import_kinds import match_kinds
from finance.services.import_staging import hash_joins, staged_pages
from finance.statements.exported_rows import SCHEME

HAS_CLAIMS = """
SELECT EXISTS (SELECT FROM finance_statementimportrow WHERE user_id = %(user)s AND account_id = %(account)s AND is_claim)
"""
UNDECIDED_ROWS = "import_staged WHERE NOT EXISTS (SELECT FROM import_verdict known WHERE known.number = import_staged.number)"
SPAN = f"SELECT min(day), max(day) FROM {UNDECIDED_ROWS}"  # noqa: S608 - put together from constants

# Candidates for undecided rows: pending transactions in the period, and manually entered ones of equal day and amount.
EXISTING = f"""
WITH open AS (
    SELECT id, transaction_date AS day, amount, currency, description, merchant_name, status = 'pending' AS is_pending,
           NOT EXISTS (SELECT FROM finance_statementimportrow claim
                        WHERE claim.user_id = %(user)s AND claim.transaction_id = entry.id AND claim.is_claim) AS is_manual
      FROM finance_financialtransaction entry
     WHERE user_id = %(user)s AND financial_profile_id = %(account)s AND transaction_date BETWEEN %(first)s AND %(last)s
), undecided AS (
    SELECT DISTINCT day, amount, currency FROM {UNDECIDED_ROWS}
), met AS (
    SELECT DISTINCT transaction_id FROM import_verdict WHERE transaction_id IS NOT NULL
)
SELECT open.id, open.day, open.amount, open.currency, description, merchant_name, is_pending, is_manual
  FROM open
  LEFT JOIN undecided USING (day, amount, currency)
  LEFT JOIN met ON met.transaction_id = open.id
 WHERE met.transaction_id IS NULL AND (is_pending OR is_manual AND undecided.day IS NOT NULL)
 ORDER BY open.day, open.id
"""  # noqa: S608 - put together from constants

UNDECIDED = f"""
SELECT number, day, amount, currency, description, merchant_name, is_pending
  FROM {UNDECIDED_ROWS} AND day BETWEEN %(first)s AND %(last)s
 ORDER BY number
"""  # noqa: S608 - put together from constants

DECIDE = """
INSERT INTO import_verdict (number, way, transaction_id, candidates, verdict, reason)
SELECT number, 'match', CASE WHEN verdict <> 'review' THEN (candidates ->> 0)::uuid END, candidates, verdict, reason
  FROM jsonb_to_recordset(%(matches)s::jsonb) AS found (number integer, verdict text, reason text, candidates jsonb)
"""


def decide_rows(account: EncryptedFinancialProfile, *, scheme: str, digest: str, mapping: Mapping[str, Any]) -> None:
    """Fill the table `import_verdict` with one line for each staged row that is not new.

    The caller must lock `account`, so that two imports into it cannot decide at the same time. `scheme` is the kind of the
    file's ids, `digest` that of the file, and `mapping` its columns.
    """
    owner = {"user": account.user_id, "account": account.pk}
    columns = orjson.dumps([mapping.get("description"), mapping.get("merchant_name")]).decode()
    parameters = owner | {"scheme": scheme, "digest": digest, "texts": columns}
    with hash_joins(), connection.cursor() as cursor:
        cursor.execute(HAS_CLAIMS, owner)
        [has_claims] = cursor.fetchone()
        if has_claims:
            cursor.execute(import_dedup.CLAIMS, parameters)
            cursor.execute("ANALYZE import_claim")
        match_corrections()
        cursor.execute(import_dedup.COPIES)
        cursor.execute("ANALYZE import_copy")
        steps = import_dedup.OF_IDS if has_claims else (import_dedup.BY_REFERENCE,)
        for step in import_dedup.OF_EXPORTS if scheme == SCHEME else steps:
            cursor.execute(step, parameters)
        cursor.execute("ANALYZE import_met")
        if has_claims:
            match_kinds(parameters)
        for step in import_verdicts.STEPS:
            cursor.execute(step, owner)
        cursor.execute(SPAN)
        first, last = cursor.fetchone()
        if first is not None:
            _match_undecided(owner | {"first": first - MAX_DAYS_TO_POST, "last": last + MAX_DAYS_TO_POST})


def _match_undecided(parameters: dict[str, Any]) -> None:
    existing = [
        ExistingTransaction(key, day, amount, currency, texts_of(description, merchant), is_pending, is_manual)
        for page in staged_pages(EXISTING, parameters)
        for key, day, amount, currency, description, merchant, is_pending, is_manual in page
    ]
    if not existing:
        return
    days = [entry.day for entry in existing]
    around = {"first": min(days) - MAX_DAYS_TO_POST, "last": max(days) + MAX_DAYS_TO_POST}
    rows = (
        IncomingRow(number, day, amount, currency, texts_of(description, merchant), is_pending)
        for page in staged_pages(UNDECIDED, around)
        for number, day, amount, currency, description, merchant, is_pending in page
    )
    matches = [
        {"number": number, "verdict": found.outcome, "reason": found.reason, "candidates": found.candidates}
        for number, found in match(rows, existing).items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(DECIDE, {"matches": orjson.dumps(matches).decode()})
