"""SQL that writes verdicts as transactions and statement rows with claims, and updates superseded transactions.

The statements read the temporary tables that `import_staging` and `import_decisions` have filled. They access other tables by
key from a MATERIALIZED list, for the reason given in `import_staging`.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import connection

from finance.models import StatementImport
from finance.services.import_staging import hash_joins

MANY_ROWS = 1_000

# A row of the file in the format of the API.
ROW_AS_JSON = """jsonb_build_object(
    'date', staged.day, 'posted_date', staged.posted_date, 'amount', staged.amount::text, 'currency', staged.currency,
    'transaction_type', staged.transaction_type, 'description', staged.description, 'merchant_name', staged.merchant_name,
    'category', staged.category, 'provider_id', staged.provider_id, 'is_pending', staged.is_pending)"""

# If another transaction has the reference number already, the new one gets none; its claim stores the bank's id anyway.
CREATE_TRANSACTIONS = """
INSERT INTO finance_financialtransaction
       (id, user_id, financial_profile_id, transaction_type, amount, currency, description, category, merchant_name,
        transaction_date, posted_date, reference_number, status, metadata, created_at, updated_at)
SELECT staged.transaction_id, %(user)s, %(account)s, staged.transaction_type, staged.amount, staged.currency,
       staged.description, staged.category, staged.merchant_name, staged.day, staged.posted_date,
       CASE WHEN EXISTS (SELECT FROM finance_financialtransaction holder
                          WHERE holder.user_id = %(user)s AND holder.financial_profile_id = %(account)s
                            AND holder.reference_number <> '' AND holder.reference_number = staged.provider_id)
            THEN '' ELSE staged.provider_id END,
       CASE WHEN staged.is_pending THEN 'pending' ELSE 'completed' END,
       '{}', statement_timestamp(), statement_timestamp()
  FROM import_staged staged
  JOIN import_verdict USING (number)
 WHERE verdict IS NULL
 ORDER BY number
"""

ADOPT_IDS = """
WITH learned AS MATERIALIZED (
    SELECT claim_id, provider_id, %(user)s::uuid AS user_id
      FROM import_met JOIN import_place USING (number)
     WHERE way IN ('content', 'reference')
)
UPDATE finance_statementimportrow claim
   SET provider_id = learned.provider_id
  FROM learned
 WHERE claim.id = learned.claim_id AND claim.user_id = learned.user_id
"""

# `is_new` rows have an identity that no claim has. Rows without a bank's id are numbered by their rank among rows of equal
# content (`slot`); the others get the next free numbers after these.
CREATE_ROWS = f"""
INSERT INTO finance_statementimportrow
       (id, user_id, account_id, statement_import_id, number, verdict, transaction_id, is_claim, provider_id,
        content_hash, occurrence, data, before, created_at, updated_at)
WITH decided AS (
    SELECT number, coalesce(verdict, 'created') AS verdict, import_verdict.transaction_id, claim_id, way, original, slot,
           candidates, content,
           verdict IS NULL OR way = 'match' OR (way = 'reference' AND claim_id IS NULL) AS is_new,
           verdict = 'superseded' AND earlier.text IS NULL AS is_changed
      FROM import_verdict
      JOIN import_staged USING (number)
      LEFT JOIN (SELECT DISTINCT transaction_id, content AS text FROM import_claim) earlier
        ON earlier.transaction_id = import_verdict.transaction_id AND earlier.text = content
), used AS (
    SELECT content, max(last) AS last
      FROM (SELECT content, max(occurrence) AS last FROM import_claim GROUP BY 1
            UNION ALL SELECT content, max(slot) FROM decided GROUP BY 1) AS either
     GROUP BY content
), claim AS (
    SELECT number, coalesce(slot, coalesce(used.last, 0)
               + row_number() OVER (PARTITION BY content, slot IS NULL ORDER BY number)) AS occurrence
      FROM decided LEFT JOIN used USING (content)
     WHERE is_new OR is_changed
)
SELECT staged.row_id, %(user)s, %(account)s, %(import)s, staged.number, decided.verdict,
       CASE WHEN decided.verdict = 'created' THEN staged.transaction_id
            WHEN decided.original <> staged.number THEN coalesce(first.transaction_id,
                 CASE WHEN first.verdict = 'created' THEN first_staged.transaction_id END)
            ELSE decided.transaction_id END,
       claim.number IS NOT NULL,
       -- An id has one claim, so a change under the same id claims the new content only.
       CASE WHEN decided.is_changed AND NOT decided.is_new THEN '' ELSE staged.provider_id END,
       staged.content, coalesce(claim.occurrence, 1),
       CASE WHEN staged.problem IS NOT NULL THEN staged.problem
            WHEN decided.verdict = 'review' THEN {ROW_AS_JSON} || jsonb_build_object('candidates', decided.candidates)
            WHEN decided.verdict IN ('superseded', 'tombstoned') OR staged.is_pending THEN {ROW_AS_JSON}
       END,
       CASE WHEN decided.way IN ('content', 'reference') AND decided.claim_id IS NOT NULL
            THEN jsonb_build_object('nameless_claim', decided.claim_id) END,
       statement_timestamp(), statement_timestamp()
  FROM decided
  JOIN import_staged staged USING (number)
  LEFT JOIN claim USING (number)
  LEFT JOIN decided first ON first.number = decided.original AND decided.original <> decided.number
  LEFT JOIN import_staged first_staged ON first_staged.number = first.number
 ORDER BY staged.number
"""  # noqa: S608 - put together from constants

# The statement's values replace those that came from the bank. Other fields and texts that the user has edited are kept.
SUPERSEDE = """
WITH incoming AS MATERIALIZED (
    SELECT id, user_id, transaction_id, (data ->> 'date')::date AS day, (data ->> 'amount')::numeric AS sum,
           data ->> 'currency' AS unit, data ->> 'description' AS text, data ->> 'merchant_name' AS shop,
           data ->> 'provider_id' AS bank_id, (data ->> 'posted_date')::date AS booked,
           (data ->> 'is_pending')::boolean AS waits, data ->> 'transaction_type' AS kind
      FROM finance_statementimportrow
     WHERE user_id = %(user)s AND statement_import_id = %(import)s AND verdict = 'superseded'
       AND (before IS NULL OR NOT before ? 'transaction')
), target AS MATERIALIZED (
    SELECT incoming.*, was.*,
           EXISTS (SELECT FROM finance_financialtransaction holder
                    WHERE holder.user_id = incoming.user_id AND holder.financial_profile_id = was.account_id
                      AND holder.reference_number <> '' AND holder.reference_number = incoming.bank_id
                      AND holder.id <> incoming.transaction_id) AS is_reference_used
      FROM incoming
     CROSS JOIN LATERAL (
               SELECT financial_profile_id AS account_id,
                      description = '' OR bool_or(earlier.text = description) AS is_banks_text,
                      merchant_name = '' OR bool_or(earlier.shop = merchant_name) AS is_banks_shop,
                      jsonb_build_object(
                          'amount', amount::text, 'currency', currency, 'transaction_date', transaction_date,
                          'posted_date', posted_date, 'status', status, 'transaction_type', transaction_type,
                          'reference_number', reference_number, 'description', description,
                          'merchant_name', merchant_name, 'updated_at', entry.updated_at) AS before
                 FROM finance_financialtransaction entry
                 LEFT JOIN LATERAL (
                          SELECT data ->> 'description' AS text, data ->> 'merchant_name' AS shop
                            FROM finance_statementimportrow
                           WHERE user_id = entry.user_id AND transaction_id = entry.id AND is_claim OFFSET 0
                      ) earlier ON true
                WHERE entry.id = incoming.transaction_id AND entry.user_id = incoming.user_id
                GROUP BY entry.id OFFSET 0
           ) was
), changed AS (
    UPDATE finance_financialtransaction entry
       SET amount = target.sum, currency = target.unit, transaction_date = target.day,
           posted_date = coalesce(target.booked, entry.posted_date),
           status = CASE WHEN target.waits THEN 'pending' ELSE 'completed' END,
           transaction_type = CASE WHEN entry.transaction_type = 'transfer' OR (entry.amount > 0) = (target.sum > 0)
                                   THEN entry.transaction_type ELSE target.kind END,
           reference_number = CASE WHEN target.bank_id = '' OR target.is_reference_used
                                   THEN entry.reference_number ELSE target.bank_id END,
           description = CASE WHEN target.is_banks_text THEN target.text ELSE entry.description END,
           merchant_name = CASE WHEN target.is_banks_shop AND target.shop <> ''
                                THEN target.shop ELSE entry.merchant_name END
      FROM target
     WHERE entry.id = target.transaction_id
 RETURNING target.id AS row_id, target.before, entry.updated_at
)
UPDATE finance_statementimportrow line
   SET before = coalesce(line.before, '{}')
             || jsonb_build_object('transaction', changed.before, 'changed_at', changed.updated_at)
  FROM changed
 WHERE line.id = changed.row_id
"""


def write_records(record: StatementImport, *, on_half: Callable[[], None] = lambda: None) -> None:
    """Write the transactions and rows of the saved import `record` according to the verdicts.

    `on_half` is called after the transactions are written.
    """
    parameters = _parameters(record)
    with connection.cursor() as cursor:
        cursor.execute(ADOPT_IDS, parameters)
        with hash_joins():
            cursor.execute(CREATE_TRANSACTIONS, parameters)
            on_half()
            cursor.execute(CREATE_ROWS, parameters)
        supersede(record)
        # Autovacuum updates the statistics of a table that has grown by a tenth after about a minute. Until then the planner
        # assumes the old size and may choose any index: deleting a customer with 200,000 newly imported transactions took more
        # than nine minutes. With current statistics it takes seconds.
        if record.created >= MANY_ROWS:
            cursor.execute("SELECT finance_keep_statistics(%s)", [record.created])


def supersede(record: StatementImport) -> None:
    """Update the pending transactions that rows of `record` supersede. Idempotent."""
    with connection.cursor() as cursor:
        cursor.execute(SUPERSEDE, _parameters(record))


def _parameters(record: StatementImport) -> dict[str, Any]:
    owner: UUID = record.user_id
    return {"user": owner, "account": record.account_id, "import": record.pk}
