-- Return the end of the name of the first rule that a pair of transactions breaks as a transfer, or NULL.
CREATE FUNCTION finance_transfer_problem(paid finance_financialtransaction, received finance_financialtransaction) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
SELECT CASE WHEN paid.amount > 0 THEN 'outgoing_sign'
            WHEN received.amount < 0 THEN 'incoming_sign'
            WHEN paid.financial_profile_id IS NULL THEN 'outgoing_account'
            WHEN received.financial_profile_id IS NULL OR received.financial_profile_id = paid.financial_profile_id
            THEN 'incoming_account'
            WHEN paid.status IN ('failed', 'cancelled') THEN 'outgoing_status'
            WHEN received.status IN ('failed', 'cancelled') THEN 'incoming_status'
            WHEN paid.divided_by <> '' THEN 'outgoing_division'
            WHEN received.divided_by <> '' THEN 'incoming_division'
            WHEN paid.currency = received.currency AND received.amount > - paid.amount THEN 'incoming_amount'
       END
$$;
