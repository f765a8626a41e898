"""Triggers that keep transfers and their transactions consistent, also for raw SQL and bulk updates.

`finance_transfer_problem` in `migrations/sql/transfers.sql` has the rules of a pair. It returns the end of the name of the
first rule that a pair breaks.
"""

import pgtrigger

TABLE = "finance_transfer"
TRANSACTION = "finance_financialtransaction"
TAKE_BACK = "This transaction is part of a transfer. Take back the transfer first."

# What a pair may not be, for the field of the transfer that the name contains.
TRANSFER_RULES = {
    f"{TABLE}_outgoing_sign": "Money must leave the account: choose a transaction below 0.",
    f"{TABLE}_incoming_sign": "Money must enter the account: choose a transaction above 0.",
    f"{TABLE}_outgoing_account": "Choose a transaction on one of the user's accounts.",
    f"{TABLE}_incoming_account": "Choose a transaction on another one of the user's accounts.",
    f"{TABLE}_outgoing_status": "A failed or canceled transaction moves no money. Choose another one.",
    f"{TABLE}_incoming_status": "A failed or canceled transaction moves no money. Choose another one.",
    f"{TABLE}_outgoing_division": "A transaction with splits is no transfer. Send splits: [] for it first.",
    f"{TABLE}_incoming_division": "A transaction with splits or refund_of is no transfer. Send [] for them first.",
    f"{TABLE}_incoming_amount": "More comes in than goes out. Choose a transaction of at most the outgoing amount.",
    f"{TABLE}_outgoing_fixed": "The transactions of an accepted transfer are fixed. Take it back, and create another one.",
}
# What may not change on a transaction of an accepted transfer.
LINKED_RULES = {
    f"{TRANSACTION}_{field}_linked": TAKE_BACK
    for field in ("transaction_type", "amount", "currency", "financial_profile", "status")
}

# Locks the transactions, so that a change at the same time waits and then sees the transfer. A restored backup brings the
# former types of accepted transfers with it.
CHECK_PAIR = f"""
IF TG_OP = 'UPDATE' THEN
    was_accepted = OLD.status = 'accepted';
    IF was_accepted AND (NEW.user_id, NEW.outgoing_id, NEW.incoming_id) <> (OLD.user_id, OLD.outgoing_id, OLD.incoming_id) THEN
        RAISE check_violation USING CONSTRAINT = '{TABLE}_outgoing_fixed', TABLE = TG_TABLE_NAME,
            MESSAGE = 'The pair is fixed.';
    END IF;
END IF;
IF NEW.status = 'refused' THEN
    NEW.outgoing_type = '';
    NEW.incoming_type = '';
    RETURN NEW;
END IF;
PERFORM FROM {TRANSACTION} WHERE user_id = NEW.user_id AND id IN (NEW.outgoing_id, NEW.incoming_id)
  ORDER BY id FOR NO KEY UPDATE;
SELECT * INTO paid FROM {TRANSACTION} WHERE user_id = NEW.user_id AND id = NEW.outgoing_id;
SELECT * INTO received FROM {TRANSACTION} WHERE user_id = NEW.user_id AND id = NEW.incoming_id;
IF paid.id IS NULL OR received.id IS NULL OR paid.id = received.id THEN
    RETURN NEW; -- constraints refuse it
END IF;
problem = finance_transfer_problem(paid, received);
IF problem IS NOT NULL THEN
    RAISE check_violation USING CONSTRAINT = '{TABLE}_' || problem, TABLE = TG_TABLE_NAME, MESSAGE = 'This is no transfer.';
END IF;
IF NEW.status <> 'accepted' THEN
    NEW.outgoing_type = '';
    NEW.incoming_type = '';
ELSIF was_accepted THEN
    NEW.outgoing_type = OLD.outgoing_type;
    NEW.incoming_type = OLD.incoming_type;
ELSIF NEW.outgoing_type = '' OR NEW.incoming_type = '' THEN
    NEW.outgoing_type = paid.transaction_type;
    NEW.incoming_type = received.transaction_type;
END IF;
RETURN NEW;
"""  # noqa: S608 - put together from constants

RESTORE = f"""
UPDATE {TRANSACTION}
   SET transaction_type = CASE id WHEN OLD.outgoing_id THEN OLD.outgoing_type ELSE OLD.incoming_type END,
       sources = sources - 'transfer' || CASE WHEN jsonb_typeof(sources -> 'transfer' -> 'before') = 'object'
                 THEN jsonb_build_object('transfer', sources -> 'transfer' -> 'before') ELSE '{{}}' END
 WHERE user_id = OLD.user_id AND id IN (OLD.outgoing_id, OLD.incoming_id);
"""  # noqa: S608 - put together from constants

# `former` restores the type of a transaction that is deleted together with its transfer and restored later, and `before` the
# source of the type.
SET_TYPES = f"""
IF TG_OP = 'UPDATE' THEN
    IF OLD.status = 'accepted' AND NEW.status <> 'accepted' THEN
        {RESTORE}
    END IF;
    IF OLD.status = 'accepted' OR NEW.status <> 'accepted' THEN
        RETURN NULL;
    END IF;
END IF;
UPDATE {TRANSACTION}
   SET transaction_type = 'transfer',
       sources = sources || jsonb_build_object('transfer', jsonb_build_object(
           'kind', 'user', 'id', NEW.id, 'version', NULL,
           'former', CASE id WHEN NEW.outgoing_id THEN NEW.outgoing_type ELSE NEW.incoming_type END)
           || CASE WHEN sources ? 'transfer' THEN jsonb_build_object('before', sources -> 'transfer') ELSE '{{}}' END)
 WHERE NEW.status = 'accepted' AND user_id = NEW.user_id AND id IN (NEW.outgoing_id, NEW.incoming_id)
   AND (transaction_type <> 'transfer' OR sources -> 'transfer' ->> 'id' IS DISTINCT FROM NEW.id::text);
RETURN NULL;
"""  # noqa: S608 - put together from constants

# Locks the transfer, so that changes of both transactions at the same time run one after the other. A proposal that no longer
# fits is deleted.
KEEP_LINKED = f"""
FOR link IN
    SELECT * FROM {TABLE}
     WHERE user_id = OLD.user_id AND (outgoing_id = OLD.id OR incoming_id = OLD.id) AND status <> 'refused'
     ORDER BY id FOR UPDATE
LOOP
    IF link.outgoing_id = OLD.id THEN
        SELECT * INTO other FROM {TRANSACTION} WHERE user_id = OLD.user_id AND id = link.incoming_id;
        problem = finance_transfer_problem(NEW, other);
    ELSE
        SELECT * INTO other FROM {TRANSACTION} WHERE user_id = OLD.user_id AND id = link.outgoing_id;
        problem = finance_transfer_problem(other, NEW);
    END IF;
    IF link.status = 'proposed' THEN
        DELETE FROM {TABLE} WHERE problem IS NOT NULL AND user_id = OLD.user_id AND id = link.id;
        CONTINUE;
    END IF;
    field = CASE WHEN NEW.transaction_type <> 'transfer' THEN 'transaction_type'
                 WHEN NEW.currency <> OLD.currency THEN 'currency'
                 WHEN problem LIKE '%_account' THEN 'financial_profile'
                 WHEN problem LIKE '%_status' THEN 'status'
                 WHEN problem LIKE '%_division' THEN 'transaction_type'
                 WHEN problem IS NOT NULL THEN 'amount' END;
    IF field IS NOT NULL THEN
        RAISE check_violation USING CONSTRAINT = '{TRANSACTION}_' || field || '_linked', TABLE = TG_TABLE_NAME,
            MESSAGE = '{TAKE_BACK}';
    END IF;
END LOOP;
RETURN NEW;
"""  # noqa: S608 - put together from constants

KEPT = ("transaction_type", "amount", "currency", "financial_profile_id", "status")
CHANGED = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in KEPT)
ROW = f"{TRANSACTION}%ROWTYPE"

check_pair = pgtrigger.Trigger(
    name="check_pair",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    declare=[("paid", ROW), ("received", ROW), ("problem", "text"), ("was_accepted", "boolean")],
    func=CHECK_PAIR,
)
set_types = pgtrigger.Trigger(
    name="set_types",
    when=pgtrigger.After,
    operation=pgtrigger.Insert | pgtrigger.UpdateOf("status"),
    func=SET_TYPES,
)
# Before, because the foreign keys delete the transfer of a deleted transaction as the owner of the table. In PostgreSQL 18 a
# trigger after it would run as that role, too, but under the row policies, by which it finds no row.
restore_types = pgtrigger.Trigger(
    name="restore_types",
    when=pgtrigger.Before,
    operation=pgtrigger.Delete,
    condition=pgtrigger.Condition("OLD.status = 'accepted'"),
    func=f"{RESTORE} RETURN OLD;",
)
keep_linked = pgtrigger.Trigger(
    name="keep_linked",
    when=pgtrigger.Before,
    operation=pgtrigger.UpdateOf(*KEPT),
    condition=pgtrigger.Condition(f"pg_trigger_depth() = 0 AND ({CHANGED})"),  # not when the triggers above set types
    declare=[("link", f"{TABLE}%ROWTYPE"), ("other", ROW), ("problem", "text"), ("field", "text")],
    func=KEEP_LINKED,
)
