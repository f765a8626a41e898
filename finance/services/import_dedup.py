"""SQL that identifies known rows of a file: by the bank's id, by reference number, or by content and rank among equals.

Each step matches rows that the previous steps have not matched. A *unit* is what a row can be: a transaction, which may be
deleted, or a row of an earlier file that is in review or ignored. A *kind* is where ids come from, such as the FITID of OFX
(`StatementImport.id_scheme`). Ids of two kinds can't be compared; `import_kinds` matches them by day and amount.
"""

# The claims of all units that this file can match by id or by day, amount and currency, which includes equal content.
# All claims of the account are read in one scan. Index lookups per claim would be faster for a small file, but after a killed
# import the planner uses the account's index, which is full of dead rows: 36 s instead of 4 s for 20,000 rows.
ALL_CLAIMS = """
    SELECT line.id, coalesce(transaction_id, line.id) AS unit, transaction_id, provider_id, content_hash AS content,
           transaction_date AS day, amount, line.currency, occurrence, verdict,
           coalesce(data ->> 'is_pending', '') = 'true' AS is_pending,
           id_scheme = %(scheme)s AS is_same_kind, file_digest = %(digest)s AS is_same_file,
           jsonb_build_array(mapping -> 'description', mapping -> 'merchant_name') <> %(texts)s::jsonb AS is_other_mapping
      FROM finance_statementimportrow line
      JOIN finance_statementimport source ON source.id = statement_import_id AND source.user_id = line.user_id
     WHERE line.user_id = %(user)s AND line.account_id = %(account)s AND is_claim
"""
CLAIMS = f"""
INSERT INTO import_claim
WITH claim AS MATERIALIZED ({ALL_CLAIMS}), hit AS (
    SELECT unit
      FROM claim JOIN (SELECT provider_id FROM import_staged WHERE provider_id <> ''
                       UNION SELECT corrected_id FROM import_staged WHERE corrected_id <> '') AS named USING (provider_id)
     UNION
    SELECT unit
      FROM claim JOIN (SELECT DISTINCT day, amount, currency FROM import_staged WHERE problem IS NULL) AS summed
           USING (day, amount, currency)
)
SELECT claim.* FROM claim JOIN hit USING (unit)
"""  # noqa: S608 - put together from constants

# Rows that share an id. The same id with the same content is one row, its `original`. Of a pending and a posted row the posted
# one counts. Rows with other content than the first row of the id, its `head`, are further rows.
COPIES = """
INSERT INTO import_copy (number, original, head, is_alias)
SELECT number, CASE WHEN is_pending AND NOT is_head_pending THEN head ELSE first_equal END, head, false
  FROM (SELECT number, is_pending, first_value(number) OVER id AS head, first_value(is_pending) OVER id AS is_head_pending,
               first_value(number) OVER (PARTITION BY provider_id, content ORDER BY is_pending, number) AS first_equal
          FROM import_staged
          JOIN (SELECT provider_id FROM import_staged WHERE problem IS NULL AND correction IS NULL AND provider_id <> ''
                 GROUP BY provider_id HAVING count(*) > 1) AS repeated USING (provider_id)
         WHERE problem IS NULL AND correction IS NULL
           AND NOT EXISTS (SELECT FROM import_copy copy WHERE copy.number = import_staged.number)
        WINDOW id AS (PARTITION BY provider_id ORDER BY is_pending, number)) AS sharing
 WHERE number <> head
"""

# The rows that no step has matched yet. Corrections are matched by `import_corrections`.
UNMATCHED = """
  FROM import_staged staged
 WHERE problem IS NULL AND correction IS NULL
   AND NOT EXISTS (SELECT FROM import_met met WHERE met.number = staged.number)
   AND NOT EXISTS (SELECT FROM import_copy copy WHERE copy.number = staged.number AND copy.original <> copy.number)
"""

# Copies of a row that the bank corrects in the same file.
COPIES_OF_CORRECTED = """
INSERT INTO import_copy (number, original, head, is_alias)
SELECT DISTINCT ON (equal.number) equal.number, copy.original, copy.original, false
  FROM import_copy copy
  JOIN import_staged corrected USING (number)
  JOIN import_staged equal ON equal.provider_id = corrected.provider_id AND equal.content = corrected.content
 WHERE is_alias AND equal.problem IS NULL AND equal.correction IS NULL AND equal.provider_id <> ''
   AND equal.number <> copy.original AND NOT EXISTS (SELECT FROM import_copy other WHERE other.number = equal.number)
"""

# What an export contains of a transaction, as far as it identifies one.
STATE = "transaction_date, amount, currency, description, merchant_name, reference_number"

BY_ID = """
INSERT INTO import_met (number, way, claim_id, unit, transaction_id)
SELECT staged.number, 'id', claim.id, unit, claim.transaction_id
  FROM import_staged staged JOIN import_claim claim USING (provider_id, content)
 WHERE provider_id <> '' AND is_same_kind AND correction IS DISTINCT FROM 'delete'
   AND NOT EXISTS (SELECT FROM import_copy copy WHERE copy.number = staged.number AND copy.original <> copy.number)
"""

# Transactions created manually or by another client with the bank's id. Ids never merge, so those with another id are excluded,
# except for a row of our own export, whose reference, day and amount are those that the transaction has now.
BY_REFERENCE = f"""
INSERT INTO import_met (number, way, claim_id, unit, transaction_id)
SELECT DISTINCT ON (entered.id) number, 'reference', NULL::uuid, entered.id, entered.id
  FROM (SELECT number, provider_id, day, amount, currency {UNMATCHED} AND provider_id <> '') AS row
  JOIN (SELECT id, reference_number, transaction_date, amount, currency,
               EXISTS (SELECT FROM finance_statementimportrow own
                        WHERE own.user_id = %(user)s AND own.transaction_id = entry.id AND is_claim AND provider_id <> '')
               AS has_id
          FROM finance_financialtransaction entry
         WHERE user_id = %(user)s AND financial_profile_id = %(account)s AND reference_number <> '') AS entered
    ON entered.reference_number = row.provider_id
 WHERE NOT has_id
    OR entered.transaction_date = row.day AND entered.amount = row.amount AND entered.currency = row.currency
   AND NOT EXISTS (SELECT FROM import_met met WHERE met.unit = entered.id)
   AND NOT EXISTS (SELECT FROM import_claim claim WHERE is_same_kind AND claim.provider_id = row.provider_id)
 ORDER BY entered.id, number
"""  # noqa: S608 - put together from constants

# An equal id of another kind, for example in a CSV export of rows that came from OFX. Short ids can be equal by chance, so the
# amount has to be equal, too.
BY_OTHER_ID = f"""
INSERT INTO import_met (number, way, claim_id, unit, transaction_id)
SELECT DISTINCT ON (row.number) row.number, 'content', claim_id, unit, transaction_id
  FROM (SELECT DISTINCT ON (claim.unit) row.number, claim.id AS claim_id, unit, transaction_id,
               claim.content = row.content AS is_equal
          FROM (SELECT number, provider_id, content, amount, currency {UNMATCHED} AND provider_id <> '') AS row
          JOIN import_claim claim USING (provider_id, amount, currency)
         WHERE NOT is_same_kind AND NOT EXISTS (SELECT FROM import_met met WHERE met.unit = claim.unit)
         ORDER BY claim.unit, is_equal DESC, row.number) AS row
 ORDER BY row.number, is_equal DESC, unit
"""  # noqa: S608 - put together from constants

# An id under which the bank has reported only a pending transaction: the row is its posting, with any amount. A pending row of
# a transaction that has posted is an older state of it.
BY_POSTING = f"""
INSERT INTO import_met (number, way, claim_id, unit, transaction_id)
SELECT DISTINCT ON (row.number) row.number, 'posting', claim.id, unit, transaction_id
  FROM (SELECT number, provider_id, amount, is_pending AS waits {UNMATCHED} AND provider_id <> '') AS row
  JOIN import_claim claim USING (provider_id)
  JOIN (SELECT provider_id, bool_and(is_pending) AS only_pending FROM import_claim WHERE is_same_kind GROUP BY 1) AS id
       USING (provider_id)
 WHERE is_same_kind AND (only_pending OR waits)
 ORDER BY row.number, claim.amount = row.amount DESC, claim.id DESC
"""  # noqa: S608 - put together from constants

# Rows without an id are distinguished by their rank among rows of equal content.
BY_RANK = f"""
INSERT INTO import_met (number, way, claim_id, unit, transaction_id)
SELECT number, 'rank', claim_id, unit, transaction_id
  FROM (SELECT number, content, row_number() OVER (PARTITION BY content ORDER BY number) AS rank
        {UNMATCHED} AND provider_id = '') AS row
  JOIN (SELECT content, unit, transaction_id, (array_agg(id ORDER BY occurrence))[1] AS claim_id,
               row_number() OVER (PARTITION BY content ORDER BY min(occurrence)) AS rank
          FROM import_claim claim
         WHERE is_same_kind AND provider_id = '' AND NOT EXISTS (SELECT FROM import_met met WHERE met.unit = claim.unit)
         GROUP BY content, unit, transaction_id) AS known
 USING (content, rank)
"""  # noqa: S608 - put together from constants

# A row without an id that equals an earlier, pending state of a transaction whose present state is in the file as well.
BY_EARLIER_STATE = f"""
INSERT INTO import_met (number, way, claim_id, unit, transaction_id)
SELECT DISTINCT ON (claim.id) row.number, 'rank', claim.id, unit, transaction_id
  FROM (SELECT number, content {UNMATCHED} AND provider_id = '') AS row
  JOIN import_claim claim USING (content)
 WHERE is_same_kind AND is_pending AND EXISTS (SELECT FROM import_met met WHERE met.unit = claim.unit)
 ORDER BY claim.id, row.number
"""  # noqa: S608 - put together from constants

# A row of our own export is the transaction that is equal to it now, even without an id and without a claim. Equal ones are
# counted. The row becomes a claim once, so that it stays away after the transaction is deleted.
BY_PRESENT_STATE = f"""
INSERT INTO import_met (number, way, claim_id, unit, transaction_id)
SELECT number, CASE WHEN EXISTS (SELECT FROM import_claim claim
                                  WHERE claim.unit = entry.id AND is_same_kind AND claim.content = row.content
                                    AND claim.provider_id = row.reference_number) THEN 'id' ELSE 'reference' END,
       NULL::uuid, entry.id, entry.id
  FROM (SELECT number, content, {STATE}, row_number() OVER (PARTITION BY {STATE} ORDER BY number) AS rank
          FROM (SELECT *, day AS transaction_date, provider_id AS reference_number {UNMATCHED}) AS staged) AS row
  JOIN (SELECT id, {STATE}, row_number() OVER (PARTITION BY {STATE} ORDER BY id) AS rank
          FROM finance_financialtransaction entry
         WHERE user_id = %(user)s AND financial_profile_id = %(account)s
           AND NOT EXISTS (SELECT FROM import_met met WHERE met.unit = entry.id)) AS entry
 USING ({STATE}, rank)
"""  # noqa: S608 - put together from constants

# Parameters: `user`, `account`, and of the file `scheme`, `digest` and `texts` (its columns of texts).
OF_IDS = (BY_ID, BY_REFERENCE, BY_OTHER_ID, BY_POSTING, BY_RANK, BY_EARLIER_STATE)
OF_EXPORTS = (BY_ID, BY_PRESENT_STATE, *OF_IDS[1:])
