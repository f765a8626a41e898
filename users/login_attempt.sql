-- Count an attempt of a source before the password is checked. Return its number; no row if the source is locked.
-- Attempts of one source wait for each other at its row, so that the limit holds for any number of them at once.
INSERT INTO users_logincounter AS counter (id, account, source, attempts, last_attempt_at)
SELECT %(id)s, %(account)s, {source}, 1, %(now)s
    ON CONFLICT (account, source) DO UPDATE
   SET attempts = CASE WHEN counter.locked_until IS NULL AND counter.last_attempt_at > %(forgotten)s
                       THEN counter.attempts + 1 ELSE 1 END,
       locked_until = CASE WHEN counter.locked_until IS NULL AND counter.last_attempt_at > %(forgotten)s
                            AND counter.attempts + 1 >= %(limit)s THEN %(until)s::timestamptz END,
       last_attempt_at = %(now)s
 WHERE counter.locked_until IS NULL OR counter.locked_until <= %(now)s
RETURNING attempts
