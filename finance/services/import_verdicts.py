"""SQL that stores a verdict for every row of the file that is not new, from the ways in which the rows were matched."""

# A transaction is unchanged if `updated_at` is what its creation or a later import has stored.
IS_TOUCHED = """(
    entry.updated_at <> entry.created_at AND NOT EXISTS (
        SELECT FROM finance_statementimportrow line
         WHERE line.user_id = entry.user_id AND line.transaction_id = entry.id AND line.verdict = 'superseded'
           AND (line.before ->> 'changed_at')::timestamptz = entry.updated_at)
    OR EXISTS (SELECT FROM finance_duedatepayment payment
                WHERE payment.user_id = entry.user_id AND payment.transaction_id = entry.id)
)"""

# A claim without a transaction is in review or was ignored there. A pending transaction is superseded only if a statement
# reported it as pending, and not by content that an older file has reported already.
VERDICTS = f"""
INSERT INTO import_verdict (number, original, way, claim_id, transaction_id, candidates, verdict, reason)
WITH matched AS (
    SELECT staged.number, copy.original, met.way, met.claim_id, met.transaction_id, known.id IS NOT NULL AS is_there,
           CASE WHEN met.transaction_id IS NOT NULL THEN CASE WHEN known.id IS NULL THEN 'gone' ELSE 'there' END
                WHEN claim.verdict = 'review' THEN 'review'
                ELSE 'gone'
           END AS target,
           CASE WHEN staged.problem IS NOT NULL THEN 'error'
                WHEN copy.original <> staged.number THEN 'copy'
                WHEN met.way IS NULL THEN 'other use'
                ELSE met.way
           END AS kind,
           known.status = 'pending' AND claim.is_pending AND known.financial_profile_id = %(account)s
           AND (NOT staged.is_pending OR staged.amount <> known.amount AND reported.content IS NULL) AS is_posted,
           claim.day = staged.day AND claim.amount = staged.amount AND claim.currency = staged.currency AS is_same_sum,
           known.is_touched OR known.financial_profile_id <> %(account)s AS is_touched,
           known.financial_profile_id <> %(account)s AS is_moved
      FROM import_staged staged
      LEFT JOIN import_copy copy ON copy.number = staged.number
      LEFT JOIN import_met met ON met.number = staged.number
      LEFT JOIN import_claim claim ON claim.id = met.claim_id
      LEFT JOIN (SELECT DISTINCT transaction_id, content FROM import_claim) reported
        ON reported.transaction_id = met.transaction_id AND reported.content = staged.content
      LEFT JOIN LATERAL (
               SELECT id, status, amount, financial_profile_id, met.way = 'removal' AND {IS_TOUCHED} AS is_touched
                 FROM finance_financialtransaction entry
                WHERE id = met.transaction_id AND user_id = %(user)s OFFSET 0
           ) known ON true
     WHERE staged.problem IS NOT NULL OR copy.number IS NOT NULL OR met.number IS NOT NULL
), decided AS (
    SELECT *, CASE
           WHEN kind = 'error' THEN 'error'
           WHEN kind = 'copy' THEN 'duplicate'
           WHEN kind IN ('other use', 'left over', 'near the edge') THEN 'review'
           WHEN kind = 'unknown removal' THEN 'tombstoned'
           WHEN kind = 'other content' THEN CASE WHEN target = 'gone' AND is_same_sum THEN 'tombstoned' ELSE 'review' END
           WHEN target = 'gone' THEN 'tombstoned'
           WHEN kind IN ('correction', 'removal') THEN
                CASE WHEN target = 'review' OR is_moved OR kind = 'removal' AND is_touched THEN 'review' ELSE 'superseded' END
           WHEN kind = 'other id' THEN 'review'
           WHEN target = 'review' THEN 'duplicate'
           WHEN kind = 'other text' THEN 'review'
           WHEN is_posted THEN 'superseded'
           ELSE 'duplicate'
       END AS verdict
      FROM matched
)
SELECT number, original, way, claim_id, CASE WHEN verdict <> 'review' THEN transaction_id END,
       CASE WHEN verdict = 'review' THEN CASE WHEN is_there THEN jsonb_build_array(transaction_id) ELSE '[]' END END,
       verdict,
       CASE WHEN verdict <> 'review' THEN ''
            WHEN kind IN ('other use', 'other content') THEN 'same_id_other_content'
            WHEN kind = 'other text' THEN 'same_row_other_text'
            WHEN kind = 'other id' THEN 'ids_changed'
            WHEN kind IN ('correction', 'removal') THEN 'correction'
            ELSE 'possible_duplicate'
       END
  FROM decided
"""  # noqa: S608 - put together from constants

# A row that the bank deletes in the same file is not imported.
REMOVED_IN_FILE = """
UPDATE import_verdict copy SET verdict = 'tombstoned'
  FROM import_verdict removal
 WHERE copy.original = removal.number AND copy.number <> removal.number AND removal.way = 'removal'
"""

# A transaction is superseded by one row only, even if both an older and a newer id of it are in the file. A correction counts
# more than what it corrects.
ONE_SUCCESSOR = """
UPDATE import_verdict other SET verdict = 'duplicate'
  FROM import_verdict successor
 WHERE other.verdict = 'superseded' AND successor.verdict = 'superseded'
   AND successor.transaction_id = other.transaction_id AND successor.number <> other.number
   AND (successor.way IN ('correction', 'removal'), -successor.number) > (other.way IN ('correction', 'removal'), -other.number)
"""

# The transactions that other rows of equal day and amount in the file have matched, at most ten.
CANDIDATES = """
UPDATE import_verdict review SET candidates = found.candidates
  FROM (SELECT number, jsonb_path_query_array(jsonb_agg(transaction_id ORDER BY matched), '$[0 to 9]') AS candidates
          FROM (SELECT number, day, amount, currency
                  FROM import_open JOIN import_verdict USING (number)
                 WHERE way = 'left over') AS row
          JOIN (SELECT number AS matched, day, amount, currency, transaction_id
                  FROM import_open JOIN import_verdict USING (number)
                 WHERE way IN ('content', 'day') AND transaction_id IS NOT NULL AND verdict IN ('duplicate', 'superseded')
               ) AS other USING (day, amount, currency)
         GROUP BY number) AS found
 WHERE review.number = found.number
"""

STEPS = (VERDICTS, REMOVED_IN_FILE, ONE_SUCCESSOR, CANDIDATES, "ANALYZE import_verdict")
