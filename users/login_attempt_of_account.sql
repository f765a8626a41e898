-- Count an attempt of an unknown device for its account. Return the account, and if this attempt has locked it; no row if the
-- account does not exist or is locked. The attempt that reaches a limit locks at once; a right password unlocks again.
-- The counted source is another one while the account is locked: such an attempt is refused and must not prolong the lock.
WITH counted AS (
    {count}
)
UPDATE users_user
   SET login_attempts = CASE WHEN locked_until IS NULL THEN login_attempts + 1 ELSE 1 END,
       locked_until = CASE WHEN locked_until IS NULL
                            AND (counted.attempts >= %(limit)s OR login_attempts + 1 >= %(account_limit)s)
                           THEN %(until)s::timestamptz END
  FROM counted
 WHERE email = %(email)s AND (locked_until IS NULL OR locked_until <= %(now)s)
RETURNING users_user.id, locked_until IS NOT NULL
