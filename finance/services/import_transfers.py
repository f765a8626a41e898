"""SQL that takes back the transfers that a correction of the bank breaks."""

# The database would refuse the correction otherwise. The user can accept the pair again, if it still fits.
TAKE_BACK = """
WITH line AS MATERIALIZED (
    SELECT user_id, transaction_id, data ->> 'currency' AS currency,
           jsonb_build_object('amount', data -> 'amount', 'currency', data -> 'currency') AS change
      FROM finance_statementimportrow
     WHERE user_id = %(user)s AND statement_import_id = %(import)s AND verdict = 'superseded'
       AND (before IS NULL OR NOT before ? 'transaction') AND coalesce(data ->> 'correction', '') <> 'delete'
)
DELETE FROM finance_transfer AS transfer
 USING line, finance_financialtransaction AS paid, finance_financialtransaction AS received
 WHERE transfer.user_id = line.user_id AND line.transaction_id IN (transfer.outgoing_id, transfer.incoming_id)
   AND transfer.status = 'accepted'
   AND paid.user_id = line.user_id AND paid.id = transfer.outgoing_id
   AND received.user_id = line.user_id AND received.id = transfer.incoming_id
   AND (line.currency <> CASE line.transaction_id WHEN paid.id THEN paid.currency ELSE received.currency END
        OR finance_transfer_problem(
               CASE line.transaction_id WHEN paid.id THEN jsonb_populate_record(paid, line.change) ELSE paid END,
               CASE line.transaction_id WHEN received.id THEN jsonb_populate_record(received, line.change) ELSE received END
           ) IS NOT NULL)
"""
