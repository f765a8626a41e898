"""SQL that identifies known rows of a file by the bank's id, by reference number, or by content and rank among equals.

Each step matches rows that the previous steps have not matched. A claim is matched by at most one row of the file.
"""

# The account's claims that this file can match by the bank's id or by content. `has_id`: the transaction has a bank's id.
# All claims of the account are read in one scan. Index lookups per claim would be faster for a small file, but after a killed
# import the planner uses the account's index, which is full of dead rows: 36 s instead of 4 s for 20,000 rows.
CLAIMS = """
INSERT INTO import_claim (id, provider_id, content, occurrence, transaction_id, verdict, is_pending, has_id)
WITH claim AS MATERIALIZED (
    SELECT id, provider_id, content_hash AS content, occurrence, transaction_id, verdict, data ->> 'is_pending' AS is_pending
      FROM finance_statementimportrow
     WHERE user_id = %(user)s AND account_id = %(account)s AND is_claim
), met AS (
    SELECT claim.*
      FROM claim JOIN (SELECT DISTINCT provider_id FROM import_staged WHERE provider_id <> '') AS named USING (provider_id)
    UNION
    SELECT claim.*
      FROM claim JOIN (SELECT DISTINCT content FROM import_staged WHERE content IS NOT NULL) AS worded USING (content)
)
SELECT id, provider_id, content, occurrence, transaction_id, verdict, coalesce(is_pending, '') = 'true',
       provider_id <> '' OR EXISTS (
           SELECT FROM finance_statementimportrow named
            WHERE named.user_id = %(user)s AND named.transaction_id = met.transaction_id
              AND named.is_claim AND named.provider_id <> '')
  FROM met
"""

# An id that occurs twice in a file is one transaction; the posted row is preferred as its `original`. Rows without an id are
# distinguished by their rank among rows of equal content, the `slot`.
PLACES = """
INSERT INTO import_place (number, provider_id, content, original, slot)
SELECT number, provider_id, content,
       first_value(number) OVER (PARTITION BY provider_id ORDER BY is_pending, number), NULL
  FROM import_staged
 WHERE problem IS NULL AND provider_id <> ''
UNION ALL
SELECT number, provider_id, content, number, row_number() OVER (PARTITION BY content ORDER BY number)
  FROM import_staged
 WHERE problem IS NULL AND provider_id = ''
"""

BY_ID = """
INSERT INTO import_met (number, way, claim_id, transaction_id)
SELECT place.number, 'id', claim.id, claim.transaction_id
  FROM import_place place JOIN import_claim claim USING (provider_id)
 WHERE provider_id <> '' AND place.original = place.number
"""

# Transactions created manually or by another client with the bank's id. Ids never merge, so those with another id are excluded.
BY_REFERENCE = """
INSERT INTO import_met (number, way, claim_id, transaction_id)
SELECT place.number, 'reference', own.id, entered.id
  FROM import_place place
  JOIN (SELECT id, reference_number
          FROM finance_financialtransaction
         WHERE user_id = %(user)s AND financial_profile_id = %(account)s AND reference_number <> '') AS entered
    ON entered.reference_number = place.provider_id
  LEFT JOIN LATERAL (
           SELECT id, provider_id FROM finance_statementimportrow
            WHERE user_id = %(user)s AND transaction_id = entered.id AND is_claim
            ORDER BY provider_id DESC, occurrence LIMIT 1
       ) own ON true
 WHERE place.provider_id <> '' AND place.original = place.number AND coalesce(own.provider_id, '') = ''
   AND NOT EXISTS (SELECT FROM import_met met WHERE met.number = place.number)
"""

# The account was imported from CSV before and now from OFX: claims without an id match by content and rank.
BY_CONTENT = """
INSERT INTO import_met (number, way, claim_id, transaction_id)
SELECT unmatched.number, 'content', spare.id, spare.transaction_id
  FROM (SELECT number, content, row_number() OVER (PARTITION BY content ORDER BY number) AS rank
          FROM import_place place
         WHERE provider_id <> '' AND original = number
           AND NOT EXISTS (SELECT FROM import_met met WHERE met.number = place.number)) AS unmatched
  JOIN (SELECT id, content, transaction_id, row_number() OVER (PARTITION BY content ORDER BY occurrence) AS rank
          FROM import_claim claim
         WHERE NOT has_id AND NOT EXISTS (SELECT FROM import_met met WHERE met.claim_id = claim.id)) AS spare
 USING (content, rank)
"""

# If rows with and without an id have equal content, those without one take the occurrence numbers that the others leave.
MIXED = """
WITH taken AS (
    SELECT content, occurrence FROM import_claim JOIN import_met ON claim_id = id
), mixed AS (
    SELECT content, rows + claims AS last
      FROM (SELECT content, count(*) AS rows FROM import_place WHERE slot IS NOT NULL GROUP BY content) AS of_file
      JOIN (SELECT content, count(*) AS claims FROM taken GROUP BY content) AS of_claims USING (content)
), free AS (
    SELECT content, candidate AS slot, row_number() OVER (PARTITION BY content ORDER BY candidate) AS rank
      FROM mixed CROSS JOIN LATERAL generate_series(1, last) AS candidate
     WHERE NOT EXISTS (SELECT FROM taken WHERE taken.content = mixed.content AND taken.occurrence = candidate)
)
UPDATE import_place place
   SET slot = free.slot
  FROM free
 WHERE place.content = free.content AND place.slot = free.rank AND free.slot <> free.rank
"""

BY_RANK = """
INSERT INTO import_met (number, way, claim_id, transaction_id)
SELECT place.number, 'rank', claim.id, claim.transaction_id
  FROM import_place place JOIN import_claim claim ON claim.content = place.content AND claim.occurrence = place.slot
"""

# A claim without a transaction is in review or was ignored there. A pending transaction is superseded only if a statement
# reported it as pending, and not by content that an older file has reported already.
VERDICTS = """
INSERT INTO import_verdict (number, original, slot, way, claim_id, transaction_id, verdict)
SELECT staged.number, place.original, place.slot, met.way, met.claim_id, met.transaction_id,
       CASE WHEN staged.problem IS NOT NULL THEN 'error'
            WHEN place.original <> place.number THEN 'duplicate'
            WHEN met.way IS NULL THEN NULL
            WHEN met.transaction_id IS NULL THEN CASE claim.verdict WHEN 'review' THEN 'duplicate' ELSE 'tombstoned' END
            WHEN known.id IS NULL THEN 'tombstoned'
            WHEN known.status = 'pending' AND claim.is_pending AND known.financial_profile_id = %(account)s
                 AND (NOT staged.is_pending OR staged.amount <> known.amount AND reported.content IS NULL) THEN 'superseded'
            ELSE 'duplicate'
       END
  FROM import_staged staged
  LEFT JOIN import_place place ON place.number = staged.number
  LEFT JOIN import_met met ON met.number = staged.number
  LEFT JOIN import_claim claim ON claim.id = met.claim_id
  LEFT JOIN (SELECT DISTINCT transaction_id, content FROM import_claim) reported
    ON reported.transaction_id = met.transaction_id AND reported.content = staged.content
  LEFT JOIN LATERAL (
           SELECT id, status, amount, financial_profile_id FROM finance_financialtransaction
            WHERE id = met.transaction_id AND user_id = %(user)s OFFSET 0
       ) known ON true
"""

# A transaction is superseded by one row only, even if both an older and a newer id of it are in the file.
ONE_SUCCESSOR = """
UPDATE import_verdict later SET verdict = 'duplicate'
  FROM import_verdict earlier
 WHERE later.verdict = 'superseded' AND earlier.verdict = 'superseded'
   AND earlier.transaction_id = later.transaction_id AND earlier.number < later.number
"""

# Fill `import_verdict` with one row per staged row; the verdict is NULL for rows that are not known.
# Parameters: `user` and `account`.
STEPS = (
    CLAIMS,
    "ANALYZE import_claim",
    PLACES,
    "ANALYZE import_place",
    BY_ID,
    BY_REFERENCE,
    BY_CONTENT,
    MIXED,
    BY_RANK,
    "ANALYZE import_met",
    VERDICTS,
    ONE_SUCCESSOR,
    "ANALYZE import_verdict",
)
