-- Raise an error unless a transaction is divided as its `divided_by` says: parts that add up to its amount, in its currency and
-- only if it is split, and shares of expenses within its amount, in its currency and only of a refund. The lock makes a parallel
-- writer of the same transaction wait until the other one's rows can be seen.
CREATE FUNCTION finance_check_divided(owner uuid, key uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    whole record;
    part record;
BEGIN
    IF current_setting('app.forget_deleted', true) = 'on' THEN
        RETURN; -- an erasure deletes the parts before their transactions
    END IF;
    SELECT amount, currency, transaction_type, divided_by INTO whole FROM finance_financialtransaction
     WHERE user_id = owner AND id = key FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT count(*) AS number, sum(amount) AS total, bool_and(currency = whole.currency) AS same_currency INTO part
      FROM finance_transactionsplit WHERE user_id = owner AND transaction_id = key;
    IF (whole.divided_by = 'splits') <> (part.number > 0)
       OR part.number > 0 AND (part.total <> whole.amount OR NOT part.same_currency)
    THEN
        RAISE check_violation USING TABLE = 'finance_financialtransaction',
            CONSTRAINT = 'finance_financialtransaction_splits_sum',
            MESSAGE = 'The parts do not add up to the amount, or divided_by does not name them.';
    END IF;
    SELECT count(*) AS number, sum(amount) AS total, bool_and(currency = whole.currency) AS same_currency INTO part
      FROM finance_refundshare WHERE user_id = owner AND refund_id = key;
    IF part.number > 0 AND (whole.divided_by <> 'refund_of' OR part.total > whole.amount OR NOT part.same_currency
                            OR whole.transaction_type NOT IN ('refund', 'income'))
    THEN
        RAISE check_violation USING TABLE = 'finance_financialtransaction',
            CONSTRAINT = 'finance_financialtransaction_refund_of_sum',
            MESSAGE = 'The shares are more than the refund, or it is no refund.';
    END IF;
END $$;

-- Raise an error if more is refunded of an expense than was spent, unless that was allowed, or if it is no expense any more.
CREATE FUNCTION finance_check_refunded(owner uuid, key uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    spent record;
    refunded record;
    field text;
BEGIN
    SELECT amount, currency, transaction_type INTO spent FROM finance_financialtransaction
     WHERE user_id = owner AND id = key FOR NO KEY UPDATE;
    SELECT count(*) AS number, sum(amount) AS total, bool_or(allows_excess) AS allows_excess,
           bool_and(currency = spent.currency) AS same_currency INTO refunded
      FROM finance_refundshare WHERE user_id = owner AND expense_id = key;
    field := CASE WHEN spent.transaction_type NOT IN ('expense', 'fee') THEN 'transaction_type'
                  WHEN NOT refunded.same_currency THEN 'currency'
                  WHEN refunded.total > -spent.amount AND NOT refunded.allows_excess THEN 'amount' END;
    IF refunded.number > 0 AND field IS NOT NULL THEN
        RAISE check_violation USING TABLE = 'finance_financialtransaction',
            CONSTRAINT = 'finance_financialtransaction_' || field || '_refunded',
            MESSAGE = 'More of the expense is refunded than was spent, or it is no expense in the currency of its refunds.';
    END IF;
END $$;

-- Let the bank change the amounts of refunded expenses to `sums` in `units`: the shares of one that is no expense any more, or in
-- another currency, are deleted, and more than was spent is allowed where a sum is less than what is refunded.
CREATE FUNCTION finance_allow_refunds(owner uuid, keys uuid[], sums numeric[], units text[]) RETURNS void LANGUAGE sql AS $$
    DELETE FROM finance_refundshare AS share
     USING unnest(keys, sums, units) AS new (key, sum, unit)
     WHERE share.user_id = owner AND share.expense_id = new.key AND (new.sum >= 0 OR new.unit <> share.currency);
    UPDATE finance_refundshare AS share
       SET allows_excess = true
      FROM unnest(keys, sums) AS new (key, sum)
     WHERE share.user_id = owner AND share.expense_id = new.key AND NOT share.allows_excess
       AND (SELECT sum(amount) FROM finance_refundshare WHERE user_id = owner AND expense_id = new.key) > -new.sum;
$$;

-- Adapt the parts and shares of transactions whose amounts the bank has changed. The difference goes into a part without a
-- category, so that nothing that the user has entered changes; shares shrink in proportion. A division that no longer fits,
-- because the currency or the type is another one, ends.
CREATE FUNCTION finance_keep_divided(owner uuid, keys uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    whole record;
    rest numeric;
    plain uuid;
BEGIN
    FOR whole IN
        SELECT id, amount, currency, transaction_type, divided_by FROM finance_financialtransaction
         WHERE user_id = owner AND id = ANY (keys) AND divided_by <> '' FOR NO KEY UPDATE
    LOOP
        IF EXISTS (SELECT FROM finance_transactionsplit
                    WHERE user_id = owner AND transaction_id = whole.id AND currency <> whole.currency)
           OR EXISTS (SELECT FROM finance_refundshare
                       WHERE user_id = owner AND refund_id = whole.id
                         AND (currency <> whole.currency OR whole.transaction_type NOT IN ('refund', 'income')))
        THEN
            DELETE FROM finance_transactionsplit WHERE user_id = owner AND transaction_id = whole.id;
            DELETE FROM finance_refundshare WHERE user_id = owner AND refund_id = whole.id;
            UPDATE finance_financialtransaction SET divided_by = '' WHERE user_id = owner AND id = whole.id;
        ELSIF whole.divided_by = 'splits' THEN
            SELECT whole.amount - sum(amount) INTO rest
              FROM finance_transactionsplit WHERE user_id = owner AND transaction_id = whole.id;
            CONTINUE WHEN rest IS NULL OR rest = 0;
            SELECT id INTO plain FROM finance_transactionsplit
             WHERE user_id = owner AND transaction_id = whole.id
             ORDER BY category IS NULL AND note = '' AND tags = '{}' DESC, number DESC LIMIT 1;
            IF EXISTS (SELECT FROM finance_transactionsplit
                        WHERE user_id = owner AND transaction_id = whole.id
                       HAVING count(*) = 50 OR bool_or(category IS NULL AND note = '' AND tags = '{}'))
            THEN
                DELETE FROM finance_transactionsplit WHERE user_id = owner AND id = plain AND amount = -rest;
                UPDATE finance_transactionsplit SET amount = amount + rest WHERE user_id = owner AND id = plain;
            ELSE
                INSERT INTO finance_transactionsplit (id, user_id, transaction_id, number, amount, currency)
                SELECT core_uuid7(clock_timestamp()), owner, whole.id, max(number) + 1, rest, whole.currency
                  FROM finance_transactionsplit WHERE user_id = owner AND transaction_id = whole.id;
            END IF;
        ELSE
            SELECT sum(amount) INTO rest FROM finance_refundshare WHERE user_id = owner AND refund_id = whole.id;
            CONTINUE WHEN rest <= whole.amount;
            DELETE FROM finance_refundshare
             WHERE user_id = owner AND refund_id = whole.id
               AND trunc(amount * whole.amount / rest, core_minor_units(whole.currency)) = 0;
            UPDATE finance_refundshare
               SET amount = trunc(amount * whole.amount / rest, core_minor_units(whole.currency))
             WHERE user_id = owner AND refund_id = whole.id;
        END IF;
    END LOOP;
END $$;
