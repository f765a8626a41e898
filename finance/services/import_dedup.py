"""Which rows of a file are known: by the bank's id, by a reference number, by content and rank among equals.

Each step below finds what the steps before it have not, and a claim is met by one row of the file at most.
"""

# The claims that this file can meet: by the bank's id, or by content. `has_id`: the bank has named its transaction. The
# account's claims are read once. To look each up by its index would be quicker for a small file, but after an import that was
# killed the planner takes the account's index for each of them, which is full of the dead rows: 36 s for 20,000 rows, not 4.
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

# One id twice in a file is one row: the posted one (the `original`) before the pending one. Rows without an id are told
# apart by their rank among rows of equal content, the `slot`.
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

# Entered with the bank's id by hand or by another program. Two ids never merge, so no other id may be known for it.
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

# CSV came first, OFX now: rank by rank, the claims learn their ids.
BY_CONTENT = """
INSERT INTO import_met (number, way, claim_id, transaction_id)
SELECT stranger.number, 'content', spare.id, spare.transaction_id
  FROM (SELECT number, content, row_number() OVER (PARTITION BY content ORDER BY number) AS rank
          FROM import_place place
         WHERE provider_id <> '' AND original = number
           AND NOT EXISTS (SELECT FROM import_met met WHERE met.number = place.number)) AS stranger
  JOIN (SELECT id, content, transaction_id, row_number() OVER (PARTITION BY content ORDER BY occurrence) AS rank
          FROM import_claim claim
         WHERE NOT has_id AND NOT EXISTS (SELECT FROM import_met met WHERE met.claim_id = claim.id)) AS spare
 USING (content, rank)
"""

# Where rows with and without an id are of equal content, the latter count through the numbers that the former leave.
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

# A claim without a transaction waits in review, or was set aside there. A pending transaction is superseded only if it was
# the bank who called it pending, and not by what an older file of the bank has said already.
VERDICTS = """
INSERT INTO import_verdict (number, original, slot, way, claim_id, transaction_id, verdict)
SELECT staged.number, place.original, place.slot, met.way, met.claim_id, met.transaction_id,
       CASE WHEN staged.problem IS NOT NULL THEN 'error'
            WHEN place.original <> place.number THEN 'duplicate'
            WHEN met.way IS NULL THEN NULL
            WHEN met.transaction_id IS NULL THEN CASE claim.verdict WHEN 'review' THEN 'duplicate' ELSE 'tombstoned' END
            WHEN known.id IS NULL THEN 'tombstoned'
            WHEN known.status = 'pending' AND claim.is_pending AND known.financial_profile_id = %(account)s
                 AND (NOT staged.is_pending OR staged.amount <> known.amount AND said.content IS NULL) THEN 'superseded'
            ELSE 'duplicate'
       END
  FROM import_staged staged
  LEFT JOIN import_place place ON place.number = staged.number
  LEFT JOIN import_met met ON met.number = staged.number
  LEFT JOIN import_claim claim ON claim.id = met.claim_id
  LEFT JOIN (SELECT DISTINCT transaction_id, content FROM import_claim) said
    ON said.transaction_id = met.transaction_id AND said.content = staged.content
  LEFT JOIN LATERAL (
           SELECT id, status, amount, financial_profile_id FROM finance_financialtransaction
            WHERE id = met.transaction_id AND user_id = %(user)s OFFSET 0
       ) known ON true
"""

# A transaction has one successor, even where an older file's id and a newer one's both lead to it.
ONE_SUCCESSOR = """
UPDATE import_verdict later SET verdict = 'duplicate'
  FROM import_verdict earlier
 WHERE later.verdict = 'superseded' AND earlier.verdict = 'superseded'
   AND earlier.transaction_id = later.transaction_id AND earlier.number < later.number
"""

# Fill `import_verdict` with a line for each staged row, undecided (NULL) for those that are not known.
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
