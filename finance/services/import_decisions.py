"""Verdicts for all staged rows. Dry runs and real imports share this code, so a preview shows exactly what an import does.

Known rows are never created again (`import_dedup`). The others are compared with pending transactions and with those that
the user entered (`finance.pending_matching`). All remaining rows are new.
"""

from typing import Any

import orjson
from django.db import connection

from finance.models import EncryptedFinancialProfile
from finance.pending_matching import MAX_DAYS_TO_POST, ExistingTransaction, IncomingRow, match, texts_of
from finance.services import import_dedup
from finance.services.import_staging import hash_joins, staged_pages

SPAN = "SELECT min(day), max(day) FROM import_staged JOIN import_verdict USING (number) WHERE verdict IS NULL"

# Candidates for undecided rows: pending transactions in the period, and manually entered ones of equal day and amount.
EXISTING = """
WITH open AS (
    SELECT id, transaction_date AS day, amount, currency, description, merchant_name, status = 'pending' AS is_pending,
           NOT EXISTS (SELECT FROM finance_statementimportrow claim
                        WHERE claim.user_id = %(user)s AND claim.transaction_id = entry.id AND claim.is_claim) AS is_manual
      FROM finance_financialtransaction entry
     WHERE user_id = %(user)s AND financial_profile_id = %(account)s AND transaction_date BETWEEN %(first)s AND %(last)s
), undecided AS (
    SELECT DISTINCT day, amount, currency FROM import_staged JOIN import_verdict USING (number) WHERE verdict IS NULL
), met AS (
    SELECT DISTINCT transaction_id FROM import_verdict WHERE transaction_id IS NOT NULL
)
SELECT open.id, open.day, open.amount, open.currency, description, merchant_name, is_pending, is_manual
  FROM open
  LEFT JOIN undecided USING (day, amount, currency)
  LEFT JOIN met ON met.transaction_id = open.id
 WHERE met.transaction_id IS NULL AND (is_pending OR is_manual AND undecided.day IS NOT NULL)
 ORDER BY open.day, open.id
"""

UNDECIDED = """
SELECT number, day, amount, currency, description, merchant_name, is_pending
  FROM import_staged JOIN import_verdict USING (number)
 WHERE verdict IS NULL AND day BETWEEN %(first)s AND %(last)s
 ORDER BY number
"""

DECIDE = """
UPDATE import_verdict
   SET verdict = found.verdict, way = 'match', candidates = found.candidates,
       transaction_id = CASE WHEN found.verdict <> 'review' THEN (found.candidates ->> 0)::uuid END
  FROM jsonb_to_recordset(%(matches)s::jsonb) AS found (number integer, verdict text, candidates jsonb)
 WHERE import_verdict.number = found.number
"""


def decide_rows(account: EncryptedFinancialProfile) -> None:
    """Fill the table `import_verdict` with one row per staged row; a verdict of NULL means `created`.

    The caller must lock `account`, so that two imports into it cannot decide at the same time.
    """
    owner = {"user": account.user_id, "account": account.pk}
    with hash_joins(), connection.cursor() as cursor:
        for step in import_dedup.STEPS:
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
        {"number": number, "verdict": found.outcome, "candidates": found.candidates}
        for number, found in match(rows, existing).items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(DECIDE, {"matches": orjson.dumps(matches).decode()})
