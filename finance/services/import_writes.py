"""SQL that writes verdicts as transactions and statement rows with claims, and updates superseded transactions.

The statements read the temporary tables that `import_staging` and `import_decisions` have filled. They access other tables by
key from a MATERIALIZED list, for the reason given in `import_staging`.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import connection

from finance.fingerprints import content_hash, text_of
from finance.models import StatementImport
from finance.services.import_names import names_of_staged_rows, names_of_superseding_rows
from finance.services.import_staging import hash_joins
from finance.services.import_transfers import TAKE_BACK
from finance.services.move_staging import NOTHING_MOVED, MovedRows, stage_moved

MANY_ROWS = 1_000

# A row of the file in the format of the API.
ROW_AS_JSON = """(jsonb_build_object(
    'date', staged.day, 'posted_date', staged.posted_date, 'amount', staged.amount::text, 'currency', staged.currency,
    'transaction_type', staged.transaction_type, 'description', staged.description, 'merchant_name', staged.merchant_name,
    'category', staged.category, 'provider_id', staged.provider_id, 'is_pending', staged.is_pending)
    || CASE WHEN staged.correction IS NULL THEN '{}' ELSE
       jsonb_build_object('correction', staged.correction, 'corrected_id', staged.corrected_id) END)"""

# If another transaction has the reference number already, the new one gets none; its claim stores the bank's id anyway.
_CREATE = """
INSERT INTO finance_financialtransaction
       (id, user_id, financial_profile_id, transaction_type, amount, currency, description, category, merchant_name, payee,
        transaction_date, posted_date, reference_number, status, tags, note, divided_by, metadata, sources, created_at,
        updated_at)
SELECT staged.transaction_id, %(user)s, %(account)s, staged.transaction_type, staged.amount, staged.currency,
       staged.description, category.slug, staged.merchant_name, {payee}, staged.day, staged.posted_date,
       CASE WHEN EXISTS (SELECT FROM finance_financialtransaction holder
                          WHERE holder.user_id = %(user)s AND holder.financial_profile_id = %(account)s
                            AND holder.reference_number <> '' AND holder.reference_number = staged.provider_id)
            THEN '' ELSE staged.provider_id END,
       CASE WHEN staged.is_pending THEN 'pending' ELSE 'completed' END,
       {tags}, {note}, {divided_by}, '{{}}',
       CASE WHEN category.slug IS NULL THEN '{{}}' ELSE %(source_of_category)s::jsonb END
           || CASE WHEN payee.name IS NULL THEN '{{}}' ELSE %(source_of_payee)s::jsonb END{sources},
       statement_timestamp(), statement_timestamp()
  FROM import_staged staged
  LEFT JOIN unnest(%(category_texts)s::text[], %(categories)s::text[]) AS category (text, slug)
    ON category.text = staged.category
  LEFT JOIN unnest(%(merchant_names)s::text[], %(payees)s::text[]) AS payee (merchant, name)
    ON payee.merchant = staged.merchant_name{join}
 WHERE NOT EXISTS (SELECT FROM import_verdict known WHERE known.number = staged.number)
"""
# without the join below, so that rows are written in the order of the file
CREATE_TRANSACTIONS = _CREATE.format(payee="payee.name", tags="'{}'", note="''", divided_by="''", sources="", join="")
CREATE_MOVED = _CREATE.format(
    payee="coalesce(extra.payee, payee.name)",
    tags="coalesce(extra.tags, '{}')",
    note="coalesce(extra.note, '')",
    divided_by="coalesce(extra.divided_by, '')",
    sources=" || coalesce(extra.sources, '{}')",
    join="\n  LEFT JOIN import_extra extra ON extra.number = staged.number",
)
CREATE_PARTS = """
INSERT INTO finance_transactionsplit (id, user_id, transaction_id, number, amount, currency, category, note, tags)
SELECT core_uuid7(clock_timestamp()), %(user)s, staged.transaction_id, place, part.amount, staged.currency, part.category,
       part.note, part.tags
  FROM import_part part JOIN import_staged staged USING (number)
"""

# A row becomes a claim if its id with its content is new for the account.
IS_CLAIM = """(
    CASE WHEN known.number IS NULL OR copy.is_alias OR known.verdict = 'review' OR known.way = 'unknown removal' THEN true
         ELSE known.transaction_id IS NOT NULL AND known.way NOT IN ('id', 'rank', 'removal')
    END AND NOT EXISTS (SELECT FROM import_claim claim WHERE claim.content = staged.content
                           AND claim.provider_id = staged.provider_id AND claim.provider_id <> '')
)"""

# Claims of equal content are numbered. `linked`: the transactions of the rows with which a row of the file shares its id.
CREATE_ROWS = f"""
INSERT INTO finance_statementimportrow
       (id, user_id, account_id, statement_import_id, number, verdict, reason, transaction_id, is_claim, provider_id,
        transaction_date, amount, currency, content_hash, occurrence, data, before, created_at, updated_at)
WITH used AS MATERIALIZED (
    SELECT content, max(occurrence) AS last FROM import_claim GROUP BY content
), numbered AS MATERIALIZED (
    SELECT staged.number, coalesce(last, 0) + row_number() OVER (PARTITION BY content ORDER BY staged.number) AS occurrence
      FROM import_staged staged
      JOIN (SELECT content FROM import_staged GROUP BY content HAVING count(*) > 1 UNION SELECT content FROM used) AS several
           USING (content)
      LEFT JOIN used USING (content)
      LEFT JOIN import_verdict known ON known.number = staged.number
      LEFT JOIN import_copy copy ON copy.number = staged.number
     WHERE {IS_CLAIM}
), linked AS MATERIALIZED (
    SELECT copy.number,
           CASE WHEN of_original.number IS NULL THEN original.transaction_id ELSE of_original.transaction_id END AS of_original,
           CASE WHEN of_head.number IS NULL THEN head.transaction_id ELSE of_head.transaction_id END AS of_head
      FROM import_copy copy
      JOIN import_staged original ON original.number = copy.original
      JOIN import_staged head ON head.number = copy.head
      LEFT JOIN import_verdict of_original ON of_original.number = copy.original
      LEFT JOIN import_verdict of_head ON of_head.number = copy.head
)
SELECT staged.row_id, %(user)s, %(account)s, %(import)s, staged.number, coalesce(known.verdict, 'created'),
       coalesce(known.reason, ''),
       CASE WHEN known.number IS NULL THEN staged.transaction_id
            WHEN known.original <> staged.number AND known.verdict = 'duplicate' THEN linked.of_original
            ELSE known.transaction_id END,
       {IS_CLAIM},
       CASE WHEN known.way = 'unknown removal' THEN staged.corrected_id ELSE staged.provider_id END,
       staged.day, staged.amount, coalesce(staged.currency, ''), staged.content, coalesce(numbered.occurrence, 1),
       CASE WHEN staged.problem IS NOT NULL THEN staged.problem
            WHEN known.verdict = 'review' THEN {ROW_AS_JSON} || jsonb_build_object('candidates', CASE
                 WHEN known.candidates = '[]' AND linked.of_head IS NOT NULL THEN jsonb_build_array(linked.of_head)
                 ELSE known.candidates END)
            WHEN known.verdict IN ('superseded', 'tombstoned') OR staged.is_pending THEN {ROW_AS_JSON}
       END,
       NULL, statement_timestamp(), statement_timestamp()
  FROM import_staged staged
  LEFT JOIN import_verdict known ON known.number = staged.number
  LEFT JOIN import_copy copy ON copy.number = staged.number
  LEFT JOIN numbered ON numbered.number = staged.number
  LEFT JOIN linked ON linked.number = staged.number
"""  # noqa: S608 - put together from constants

# The statement's values replace those that came from the bank. Other fields and texts that the user has edited are kept, and
# so are an edited day and amount if the statement states those that the bank has reported before.
SUPERSEDE = """
WITH incoming AS MATERIALIZED (
    SELECT id, user_id, transaction_id, (data ->> 'date')::date AS day, (data ->> 'amount')::numeric AS sum,
           data ->> 'currency' AS unit, data ->> 'description' AS text, data ->> 'merchant_name' AS shop,
           data ->> 'provider_id' AS bank_id, (data ->> 'posted_date')::date AS booked,
           (data ->> 'is_pending')::boolean AS waits, data ->> 'transaction_type' AS kind
      FROM finance_statementimportrow
     WHERE user_id = %(user)s AND statement_import_id = %(import)s AND verdict = 'superseded'
       AND (before IS NULL OR NOT before ? 'transaction') AND coalesce(data ->> 'correction', '') <> 'delete'
), target AS MATERIALIZED (
    SELECT incoming.*, was.*,
           EXISTS (SELECT FROM finance_financialtransaction holder
                    WHERE holder.user_id = incoming.user_id AND holder.financial_profile_id = was.account_id
                      AND holder.reference_number <> '' AND holder.reference_number = incoming.bank_id
                      AND holder.id <> incoming.transaction_id) AS is_reference_used
      FROM incoming
     CROSS JOIN LATERAL (
               SELECT financial_profile_id AS account_id,
                      description = '' OR bool_or(earlier.text = description) OR incoming.id = ANY(%(descriptions)s)
                      AS is_banks_text,
                      merchant_name = '' OR bool_or(earlier.shop = merchant_name) OR incoming.id = ANY(%(merchants)s)
                      AS is_banks_shop,
                      status <> 'pending' AND coalesce(bool_or(earlier.id <> incoming.id AND earlier.day = incoming.day
                          AND earlier.sum = incoming.sum AND earlier.unit = incoming.unit), false) AS is_same_sum,
                      jsonb_build_object(
                          'amount', amount::text, 'currency', currency, 'transaction_date', transaction_date,
                          'posted_date', posted_date, 'status', status, 'transaction_type', transaction_type,
                          'reference_number', reference_number, 'description', description,
                          'merchant_name', merchant_name, 'payee', payee, 'updated_at', entry.updated_at) AS before
                 FROM finance_financialtransaction entry
                 LEFT JOIN LATERAL (
                          SELECT id, data ->> 'description' AS text, data ->> 'merchant_name' AS shop,
                                 transaction_date AS day, amount AS sum, currency AS unit
                            FROM finance_statementimportrow
                           WHERE user_id = entry.user_id AND transaction_id = entry.id AND is_claim OFFSET 0
                      ) earlier ON true
                WHERE entry.id = incoming.transaction_id AND entry.user_id = incoming.user_id
                GROUP BY entry.id OFFSET 0
           ) was
), changed AS (
    UPDATE finance_financialtransaction entry
       SET amount = CASE WHEN is_same_sum THEN entry.amount ELSE target.sum END,
           currency = CASE WHEN is_same_sum THEN entry.currency ELSE target.unit END,
           transaction_date = CASE WHEN is_same_sum THEN entry.transaction_date ELSE target.day END,
           posted_date = coalesce(target.booked, entry.posted_date),
           status = CASE WHEN target.waits THEN 'pending' WHEN entry.status = 'pending' THEN 'completed' ELSE entry.status END,
           transaction_type = CASE WHEN is_same_sum OR entry.transaction_type = 'transfer'
                                     OR (entry.amount > 0) = (target.sum > 0)
                                   THEN entry.transaction_type
                                 WHEN entry.divided_by <> '' AND target.kind = 'transfer'
                                   THEN CASE WHEN target.sum > 0 THEN 'income' ELSE 'expense' END
                                 ELSE target.kind END,
           reference_number = CASE WHEN target.bank_id = '' OR target.is_reference_used
                                   THEN entry.reference_number ELSE target.bank_id END,
           description = CASE WHEN target.is_banks_text THEN target.text ELSE entry.description END,
           merchant_name = CASE WHEN target.is_banks_shop AND target.shop <> ''
                                THEN target.shop ELSE entry.merchant_name END,
           payee = CASE WHEN target.is_banks_shop AND target.shop <> ''
                         AND coalesce(entry.sources -> 'payee' ->> 'kind', 'import') = 'import'
                        THEN payees.name ELSE entry.payee END
      FROM target
      LEFT JOIN unnest(%(merchant_names)s::text[], %(payees)s::text[]) AS payees (merchant, name)
        ON payees.merchant = target.shop
     WHERE entry.id = target.transaction_id
 RETURNING target.id AS row_id, target.before, entry.updated_at
)
UPDATE finance_statementimportrow line
   SET before = coalesce(line.before, '{}')
             || jsonb_build_object('transaction', changed.before, 'changed_at', changed.updated_at)
  FROM changed
 WHERE line.id = changed.row_id
"""

# The claims of the transactions that are about to be updated, to find out whether the user has edited their texts.
EARLIER_TEXTS = """
SELECT line.id, entry.description, entry.merchant_name, claim.transaction_date, claim.amount, claim.currency, claim.content_hash
  FROM (SELECT id, user_id, transaction_id
          FROM finance_statementimportrow
         WHERE user_id = %(user)s AND statement_import_id = %(import)s AND verdict = 'superseded'
           AND (before IS NULL OR NOT before ? 'transaction') AND coalesce(data ->> 'correction', '') <> 'delete'
        OFFSET 0) AS line
  JOIN finance_financialtransaction entry ON entry.id = line.transaction_id AND entry.user_id = line.user_id
  JOIN finance_statementimportrow claim
    ON claim.user_id = line.user_id AND claim.transaction_id = line.transaction_id AND claim.is_claim AND claim.id <> line.id
"""

# The bank deletes a transaction. The trigger `remember_deleted` stores it in its claims, so that it stays away.
REMOVE = """
WITH line AS MATERIALIZED (
    SELECT id, user_id, transaction_id
      FROM finance_statementimportrow
     WHERE user_id = %(user)s AND statement_import_id = %(import)s AND verdict = 'superseded'
       AND before IS NULL AND data ->> 'correction' = 'delete'
), removed AS (
    DELETE FROM finance_financialtransaction entry USING line
     WHERE entry.id = line.transaction_id AND entry.user_id = line.user_id
 RETURNING line.id AS row_id
)
UPDATE finance_statementimportrow line
   SET before = jsonb_build_object('removed_at', now())
  FROM removed
 WHERE line.id = removed.row_id
"""

# Before and after amounts change, see `finance/migrations/sql/divisions.sql`
ALLOW_REFUNDS = """
SELECT finance_allow_refunds(
           %(user)s, array_agg(transaction_id), array_agg((stated ->> 'amount')::numeric), array_agg(stated ->> 'currency'))
  FROM (SELECT transaction_id, {stated} AS stated FROM finance_statementimportrow
         WHERE user_id = %(user)s AND statement_import_id = %(import)s AND verdict = 'superseded') AS line
"""
KEEP_DIVIDED = """
SELECT finance_keep_divided(%(user)s, array_agg(transaction_id)) FROM finance_statementimportrow
 WHERE user_id = %(user)s AND statement_import_id = %(import)s AND verdict = 'superseded'
"""


def write_records(
    record: StatementImport, *, moved: MovedRows = NOTHING_MOVED, on_half: Callable[[], None] = lambda: None
) -> None:
    """Write the transactions and rows of the saved import `record` according to the verdicts.

    `moved` is what a person has added to the rows in another app. `on_half` is called after the transactions are written.
    """
    stage_moved(record, moved)
    parameters = _parameters(record) | names_of_staged_rows(record, moved.kinds)
    with connection.cursor() as cursor:
        with hash_joins():
            cursor.execute(CREATE_MOVED if moved.rows else CREATE_TRANSACTIONS, parameters)
            cursor.execute(CREATE_PARTS, parameters)
            on_half()
            cursor.execute(CREATE_ROWS, parameters)
        supersede(record)
        # Autovacuum updates the statistics of a table that has grown by a tenth after about a minute. Until then the planner
        # assumes the old size and may choose any index: deleting a customer with 200,000 newly imported transactions took more
        # than nine minutes. With current statistics it takes seconds.
        if record.created >= MANY_ROWS:
            cursor.execute("SELECT finance_keep_statistics(%s)", [record.created])


def supersede(record: StatementImport) -> None:
    """Update or delete the transactions that rows of `record` supersede. Idempotent."""
    parameters = _parameters(record) | names_of_superseding_rows(record)
    with connection.cursor() as cursor:
        cursor.execute(EARLIER_TEXTS, parameters)
        parameters |= _unedited(cursor.fetchall())
        cursor.execute(ALLOW_REFUNDS.format(stated="data"), parameters)
        cursor.execute(TAKE_BACK, parameters)
        cursor.execute(SUPERSEDE, parameters)
        cursor.execute(KEEP_DIVIDED, parameters)
        cursor.execute(REMOVE, parameters)


def _unedited(lines: list[tuple[Any, ...]]) -> dict[str, list[UUID]]:
    """Return the rows whose transaction has the description, and those whose transaction has the merchant, of the bank.

    Posted rows are stored without their texts, but with the hash of their content.
    """
    descriptions, merchants = set(), set()
    for row, description, merchant, day, amount, currency, content in lines:
        sums = {"day": day, "amount": amount, "currency": currency}
        if UUID(content_hash(**sums, text=text_of(description, merchant))) == content:
            descriptions.add(row)
            merchants.add(row)
        elif UUID(content_hash(**sums, text=description)) == content:
            descriptions.add(row)
    return {"descriptions": list(descriptions), "merchants": list(merchants)}


def _parameters(record: StatementImport) -> dict[str, Any]:
    owner: UUID = record.user_id
    return {"user": owner, "account": record.account_id, "import": record.pk}
