"""What becomes of each staged row. A dry run and a real one ask here alike, so the preview is the import.

A row is known by the bank's id, else by its content and its rank among rows of equal content. What is known is never
created again; the rest is compared with pending and hand-made transactions (`finance.matching`), and what is left is new.
"""

from typing import Any

import orjson
from django.db import connection

from finance.matching import POSTED_WITHIN, Existing, Finding, Incoming, match, texts_of
from finance.models import EncryptedFinancialProfile
from finance.services.import_staging import staged_pages

# The claims that this file can meet: by the bank's id, or by content. `has_id`: the bank has named its transaction.
CLAIMS = """
INSERT INTO import_claim (id, provider_id, content_hash, occurrence, transaction_id, verdict, is_pending, has_id)
WITH claim AS NOT MATERIALIZED (
    SELECT id, provider_id, content_hash, occurrence, transaction_id, verdict,
           coalesce(data ->> 'is_pending', '') = 'true' AS is_pending
      FROM finance_statementimportrow
     WHERE user_id = %(user)s AND account_id = %(account)s AND is_claim
), met AS (
    SELECT * FROM claim WHERE provider_id <> '' AND provider_id IN (SELECT provider_id FROM import_staged)
    UNION
    SELECT * FROM claim WHERE content_hash IN (SELECT content FROM import_staged)
)
SELECT met.*, provider_id <> '' OR EXISTS (
           SELECT FROM finance_statementimportrow named
            WHERE named.user_id = %(user)s AND named.transaction_id = met.transaction_id
              AND named.is_claim AND named.provider_id <> ''
       ) AS has_id
  FROM met;
ANALYZE import_claim
"""

# `met` finds each row's claim or transaction; `way` says how. A claim is met by one row of the file at most.
VERDICTS = """
INSERT INTO import_verdict (number, original, slot, way, claim_id, transaction_id, verdict)
WITH named AS (
    -- One id twice in a file is one row: the posted one before the pending one.
    SELECT number, provider_id, content,
           row_number() OVER same AS copy, first_value(number) OVER same AS original
      FROM import_staged
     WHERE problem IS NULL AND provider_id <> ''
    WINDOW same AS (PARTITION BY provider_id ORDER BY is_pending, number)
), by_id AS (
    SELECT named.number, claim.id AS claim_id, claim.transaction_id
      FROM named JOIN import_claim claim USING (provider_id)
     WHERE named.copy = 1
), by_reference AS (
    -- Entered with the bank's id by hand or by another program. Two ids never merge, so no other id may be known for it.
    SELECT named.number, own.id AS claim_id, entered.id AS transaction_id
      FROM named
      JOIN finance_financialtransaction entered
        ON entered.user_id = %(user)s AND entered.financial_profile_id = %(account)s
       AND entered.reference_number = named.provider_id AND entered.reference_number <> ''
      LEFT JOIN LATERAL (
               SELECT id, provider_id FROM finance_statementimportrow
                WHERE user_id = %(user)s AND transaction_id = entered.id AND account_id = %(account)s AND is_claim
                ORDER BY provider_id DESC, occurrence LIMIT 1
           ) own ON true
     WHERE named.copy = 1 AND coalesce(own.provider_id, '') = ''
       AND NOT EXISTS (SELECT FROM by_id WHERE by_id.number = named.number)
), stranger AS (
    SELECT number, content, row_number() OVER (PARTITION BY content ORDER BY number) AS rank
      FROM named
     WHERE copy = 1
       AND NOT EXISTS (SELECT FROM by_id WHERE by_id.number = named.number)
       AND NOT EXISTS (SELECT FROM by_reference WHERE by_reference.number = named.number)
), nameless_claim AS (
    SELECT id, content_hash AS content, transaction_id,
           row_number() OVER (PARTITION BY content_hash ORDER BY occurrence) AS rank
      FROM import_claim
     WHERE NOT has_id AND NOT EXISTS (SELECT FROM by_reference WHERE by_reference.claim_id = import_claim.id)
), by_content AS (
    -- CSV came first, OFX now: the claim learns its id.
    SELECT stranger.number, nameless_claim.id AS claim_id, nameless_claim.transaction_id
      FROM stranger JOIN nameless_claim USING (content, rank)
), taken AS (
    SELECT content_hash AS content, occurrence
      FROM import_claim
     WHERE id IN (SELECT claim_id FROM by_id UNION ALL SELECT claim_id FROM by_reference
                  UNION ALL SELECT claim_id FROM by_content)
), nameless AS (
    SELECT number, content, row_number() OVER (PARTITION BY content ORDER BY number) AS rank
      FROM import_staged
     WHERE problem IS NULL AND provider_id = ''
), mixed AS (
    SELECT content, rows + claims AS last
      FROM (SELECT content, count(*) AS rows FROM nameless GROUP BY content) AS of_file
      JOIN (SELECT content, count(*) AS claims FROM taken GROUP BY content) AS of_claims USING (content)
), free AS (
    -- Where rows with and without id are of equal content, the latter count through what the former leave.
    SELECT content, slot, row_number() OVER (PARTITION BY content ORDER BY slot) AS rank
      FROM mixed CROSS JOIN LATERAL generate_series(1, last) AS slot
     WHERE NOT EXISTS (SELECT FROM taken WHERE taken.content = mixed.content AND taken.occurrence = slot)
), placed AS (
    SELECT number, content, coalesce(free.slot, rank)::integer AS slot
      FROM nameless LEFT JOIN free USING (content, rank)
), met AS (
    SELECT number, claim_id, transaction_id, 'id' AS way FROM by_id
    UNION ALL
    SELECT number, claim_id, transaction_id, 'reference' FROM by_reference
    UNION ALL
    SELECT number, claim_id, transaction_id, 'content' FROM by_content
    UNION ALL
    SELECT placed.number, claim.id, claim.transaction_id, 'rank'
      FROM placed JOIN import_claim claim ON claim.content_hash = placed.content AND claim.occurrence = placed.slot
)
SELECT staged.number, named.original, placed.slot, met.way, met.claim_id, met.transaction_id,
       CASE WHEN staged.problem IS NOT NULL THEN 'error'
            WHEN named.copy > 1 THEN 'duplicate'
            WHEN met.way IS NULL THEN NULL
            WHEN met.transaction_id IS NULL THEN CASE claim.verdict WHEN 'review' THEN 'duplicate' ELSE 'tombstoned' END
            WHEN known.id IS NULL THEN 'tombstoned'
            WHEN known.status = 'pending' AND claim.is_pending AND known.financial_profile_id = %(account)s
                 AND (NOT staged.is_pending OR staged.amount <> known.amount AND NOT EXISTS (
                         SELECT FROM import_claim seen
                          WHERE seen.transaction_id = known.id AND seen.content_hash = staged.content))
            THEN 'superseded'
            ELSE 'duplicate'
       END
  FROM import_staged staged
  LEFT JOIN named USING (number)
  LEFT JOIN placed USING (number)
  LEFT JOIN met USING (number)
  LEFT JOIN import_claim claim ON claim.id = met.claim_id
  LEFT JOIN finance_financialtransaction known ON known.id = met.transaction_id AND known.user_id = %(user)s;

-- A transaction has one successor, even where an older file's id and a newer one's both lead to it.
UPDATE import_verdict later SET verdict = 'duplicate'
  FROM import_verdict earlier
 WHERE later.verdict = 'superseded' AND earlier.verdict = 'superseded'
   AND earlier.transaction_id = later.transaction_id AND earlier.number < later.number;
ANALYZE import_verdict
"""

SPAN = "SELECT min(day), max(day) FROM import_staged JOIN import_verdict USING (number) WHERE verdict IS NULL"

# What an undecided row may speak of: pending transactions near its days, and hand-made ones of its day and amount.
# Two joins and a union: as one condition with OR, the planner would compare every pair.
EXISTING = """
WITH undecided AS (
    SELECT DISTINCT day, amount, currency FROM import_staged JOIN import_verdict USING (number) WHERE verdict IS NULL
), account_entry AS NOT MATERIALIZED (
    SELECT * FROM finance_financialtransaction
     WHERE user_id = %(user)s AND financial_profile_id = %(account)s AND transaction_date BETWEEN %(first)s AND %(last)s
), claimed AS NOT MATERIALIZED (
    SELECT transaction_id AS id FROM finance_statementimportrow WHERE user_id = %(user)s AND is_claim
), candidate AS (
    SELECT id FROM account_entry WHERE status = 'pending'
    UNION
    SELECT id FROM account_entry entry
      JOIN undecided ON day = transaction_date AND undecided.amount = entry.amount AND undecided.currency = entry.currency
     WHERE NOT EXISTS (SELECT FROM claimed WHERE claimed.id = entry.id)
)
SELECT id, transaction_date, amount, currency, description, merchant_name, status = 'pending',
       NOT EXISTS (SELECT FROM claimed WHERE claimed.id = entry.id)
  FROM candidate JOIN account_entry entry USING (id)
 WHERE NOT EXISTS (SELECT FROM import_verdict WHERE import_verdict.transaction_id = entry.id)
 ORDER BY transaction_date, id
"""

UNDECIDED = """
SELECT number, day, amount, currency, description, merchant_name, is_pending
  FROM import_staged JOIN import_verdict USING (number)
 WHERE verdict IS NULL AND day BETWEEN %(first)s AND %(last)s
 ORDER BY number
"""

DECIDE = """
UPDATE import_verdict
   SET verdict = finding.verdict, way = 'match', candidates = finding.candidates,
       transaction_id = CASE WHEN finding.verdict <> 'review' THEN (finding.candidates ->> 0)::uuid END
  FROM jsonb_to_recordset(%(findings)s::jsonb) AS finding (number integer, verdict text, candidates jsonb)
 WHERE import_verdict.number = finding.number
"""


def judge(account: EncryptedFinancialProfile) -> None:
    """Fill the table `import_verdict` with one line for each staged row; a verdict of NULL stands for `created`.

    `account` is locked by the caller, so that no other import into it decides at the same time.
    """
    owner = {"user": account.user_id, "account": account.pk}
    with connection.cursor() as cursor:
        cursor.execute(CLAIMS, owner)
        cursor.execute(VERDICTS, owner)
        cursor.execute(SPAN)
        first, last = cursor.fetchone()
    if first is not None:
        _match_undecided(owner | {"first": first - POSTED_WITHIN, "last": last + POSTED_WITHIN})


def _match_undecided(parameters: dict[str, Any]) -> None:
    existing = [_existing(line) for page in staged_pages(EXISTING, parameters) for line in page]
    if not existing:
        return
    days = [entry.day for entry in existing]
    around = {"first": min(days) - POSTED_WITHIN, "last": max(days) + POSTED_WITHIN}
    rows = (_incoming(line) for page in staged_pages(UNDECIDED, around) for line in page)
    findings = match(rows, existing)
    with connection.cursor() as cursor:
        cursor.execute(DECIDE, {"findings": orjson.dumps(list(map(_as_json, findings.items()))).decode()})


def _existing(line: tuple[Any, ...]) -> Existing:
    key, day, amount, currency, description, merchant, is_pending, is_by_hand = line
    return Existing(key, day, amount, currency, texts_of(description, merchant), is_pending, is_by_hand)


def _incoming(line: tuple[Any, ...]) -> Incoming:
    number, day, amount, currency, description, merchant, is_pending = line
    return Incoming(number, day, amount, currency, texts_of(description, merchant), is_pending)


def _as_json(item: tuple[int, Finding]) -> dict[str, Any]:
    number, finding = item
    return {"number": number, "verdict": finding.outcome, "candidates": finding.candidates}
