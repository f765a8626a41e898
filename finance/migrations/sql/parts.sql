-- What each transaction counts as: one row for each part with a category, a sign and an effect of its own. It is what totals,
-- correlations, reports and forecasts read. It checks the row-level security of its reader.
CREATE VIEW finance_part WITH (security_invoker = true) AS
SELECT user_id, id AS transaction_id, 0 AS number, financial_profile_id, transaction_date, posted_date, status, payee, currency,
       amount, category, tags, CASE transaction_type WHEN 'income' THEN 'income' ELSE 'spending' END AS effect
  FROM finance_financialtransaction
 WHERE divided_by = '' AND transaction_type <> 'transfer'
UNION ALL
-- What goes out and does not come in on the other account is the fee of a transfer in one currency.
SELECT whole.user_id, whole.id, part.number, whole.financial_profile_id, whole.transaction_date, whole.posted_date, whole.status,
       whole.payee, whole.currency, part.amount, part.category, whole.tags, part.effect
  FROM finance_financialtransaction AS whole
  LEFT JOIN LATERAL (
        SELECT -whole.amount - received.amount AS amount
          FROM finance_transfer AS transfer
          JOIN finance_financialtransaction AS received
            ON received.user_id = transfer.user_id AND received.id = transfer.incoming_id
         WHERE transfer.user_id = whole.user_id AND transfer.outgoing_id = whole.id AND transfer.status = 'accepted'
           AND received.currency = whole.currency) AS fee ON whole.amount < 0,
       LATERAL (VALUES (0, whole.amount + coalesce(fee.amount, 0), whole.category, 'transfer'),
                       (1, -fee.amount, NULL, 'spending')) AS part (number, amount, category, effect)
 WHERE whole.divided_by = '' AND whole.transaction_type = 'transfer' AND part.amount <> 0
UNION ALL
-- A part with the sign of its transaction counts as that does. One with the other sign is spending: a tax withheld from pay, or
-- a deposit that a shop gave back.
SELECT whole.user_id, whole.id, part.number, whole.financial_profile_id, whole.transaction_date, whole.posted_date, whole.status,
       whole.payee, whole.currency, part.amount, part.category, whole.tags || part.tags,
       CASE WHEN whole.transaction_type = 'income' AND part.amount > 0 THEN 'income' ELSE 'spending' END
  FROM finance_financialtransaction AS whole
  JOIN finance_transactionsplit AS part ON part.user_id = whole.user_id AND part.transaction_id = whole.id
 WHERE whole.divided_by = 'splits'
UNION ALL
-- The share of a refund is divided among the parts of its expense in proportion: each part gets what the sum up to it has more
-- than the sum before it, both rounded down to the currency's decimals, so that the parts add up to the share.
SELECT refund.user_id, refund.id, share.number::integer, refund.financial_profile_id, refund.transaction_date, refund.posted_date,
       refund.status, share.payee, refund.currency, share.amount, share.category, share.tags, 'spending'
  FROM finance_financialtransaction AS refund,
       LATERAL (
        SELECT row_number() OVER (ORDER BY expense.id, spent.number) AS number, spent.payee, spent.category, spent.tags,
               trunc(share.amount * sum(spent.amount) OVER every_part / expense.amount, core_minor_units(refund.currency))
               - trunc(share.amount * (sum(spent.amount) OVER every_part - spent.amount) / expense.amount,
                       core_minor_units(refund.currency)) AS amount
          FROM finance_refundshare AS share
          JOIN finance_financialtransaction AS expense ON expense.user_id = share.user_id AND expense.id = share.expense_id,
               LATERAL (
                SELECT expense.amount, expense.category, expense.payee, expense.tags, 0 AS number WHERE expense.divided_by <> 'splits'
                UNION ALL
                SELECT part.amount, part.category, expense.payee, expense.tags || part.tags, part.number
                  FROM finance_transactionsplit AS part
                 WHERE part.user_id = expense.user_id AND part.transaction_id = expense.id) AS spent
         WHERE share.user_id = refund.user_id AND share.refund_id = refund.id
        WINDOW every_part AS (PARTITION BY expense.id ORDER BY spent.number)) AS share
 WHERE refund.divided_by = 'refund_of'
UNION ALL
-- What a refund gives back beyond its shares, as after an expense was deleted.
SELECT refund.user_id, refund.id, 0, refund.financial_profile_id, refund.transaction_date, refund.posted_date, refund.status,
       refund.payee, refund.currency, refund.amount - coalesce(shares.amount, 0), refund.category, refund.tags,
       CASE refund.transaction_type WHEN 'income' THEN 'income' ELSE 'spending' END
  FROM finance_financialtransaction AS refund
  LEFT JOIN LATERAL (
        SELECT sum(amount) AS amount FROM finance_refundshare AS share
         WHERE share.user_id = refund.user_id AND share.refund_id = refund.id) AS shares ON true
 WHERE refund.divided_by = 'refund_of' AND refund.amount <> coalesce(shares.amount, 0);
GRANT SELECT ON finance_part TO mingus_customer, mingus_staff;
