-- The change log: the rows of a user that each transaction changed, and the user's position, which counts the transactions.
--
-- The position is the order in which the user's transactions were committed, without gaps. A client that has read position 7
-- reads what changed since with the entries of positions 8 and later (`core.changes`). A time of change would not do: a row that
-- is stamped first may be committed last.

-- A user's last position.
CREATE TABLE core_position (
    user_id uuid PRIMARY KEY,
    position bigint NOT NULL,
    changed_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- The transaction of each position. Another server assigns transaction ids from the beginning, so that after a restore a
-- position may also list rows of an older transaction, which a client then reads once more.
CREATE TABLE core_changeset (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    position bigint NOT NULL,
    transaction_id xid8 NOT NULL,
    PRIMARY KEY (user_id, position, id)
) PARTITION BY RANGE (id);
CREATE TABLE core_changeset_default PARTITION OF core_changeset DEFAULT;

-- The changed rows. `id` is the key of the audit event, and `action` is insert, update or delete. It is `related` for a row that
-- was not changed itself, but a row that one of its values is computed from, which has no audit event.
CREATE TABLE core_change (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    transaction_id xid8 NOT NULL,
    table_name text NOT NULL,
    row_key text NOT NULL,
    action text NOT NULL,
    PRIMARY KEY (user_id, transaction_id, id)
) PARTITION BY RANGE (id);
CREATE TABLE core_change_default PARTITION OF core_change DEFAULT;

-- The users whose rows a running transaction has changed. It is empty whenever no transaction runs.
CREATE TABLE core_pendingposition (
    transaction_id xid8 NOT NULL,
    user_id uuid NOT NULL,
    PRIMARY KEY (transaction_id, user_id)
);

-- Raise the position of every user whose rows the transaction has changed.
--
-- It runs at the commit, so that the lock on a position is held only for the moment of the commit: a second writer of the same
-- user does not wait for a running import. The first call raises all positions, in the order of the users, so that two
-- transactions can't wait for each other.
CREATE FUNCTION core_raise_positions() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    WITH pending AS (
        DELETE FROM public.core_pendingposition WHERE transaction_id = pg_current_xact_id() RETURNING user_id
    ), raised AS (
        INSERT INTO public.core_position AS last SELECT user_id, 1, clock_timestamp() FROM pending ORDER BY user_id
        ON CONFLICT (user_id) DO UPDATE SET position = last.position + 1, changed_at = clock_timestamp()
        RETURNING user_id, position, changed_at
    )
    INSERT INTO public.core_changeset
    SELECT public.core_uuid7(changed_at), user_id, position, pg_current_xact_id() FROM raised;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER raise_positions AFTER INSERT ON core_pendingposition
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION core_raise_positions();

-- Log rows of a user with values that are computed from rows of other tables, which the statement has changed.
--
-- Any role may call it, because the row policies let only a trigger write.
CREATE FUNCTION core_log_related(changed_table text, owner uuid, keys uuid[]) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO public.core_change
    SELECT public.core_uuid7(clock_timestamp()), owner, pg_current_xact_id(), changed_table, key::text, 'related'
      FROM unnest(keys) AS key;
$$;

-- Create the partitions of the months ahead, drop those that ended before `retained` days ago, and return how many were dropped.
--
-- At least 31 days are retained, so that no call by a serving role can empty the log.
CREATE FUNCTION core_keep_change_months(ahead integer, retained integer) RETURNS integer LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    log regclass;
    dropped integer := 0;
BEGIN
    FOREACH log IN ARRAY ARRAY['public.core_change', 'public.core_changeset']::regclass[] LOOP
        PERFORM public.core_make_months(log, ahead);
        dropped := dropped + public.core_drop_months(log, now() - make_interval(days => greatest(retained, 31)));
    END LOOP;
    RETURN dropped;
END $$;

-- Only these functions may write. They run as the owner of the tables, to whom the forced policies apply as well.
CREATE POLICY keeper ON core_position TO CURRENT_USER USING (pg_trigger_depth() > 0);
CREATE POLICY keeper ON core_changeset TO CURRENT_USER USING (pg_trigger_depth() > 0);
CREATE POLICY keeper ON core_change TO CURRENT_USER USING (pg_trigger_depth() > 0);
CREATE POLICY keeper ON core_pendingposition TO CURRENT_USER USING (pg_trigger_depth() > 0);

REVOKE ALL ON FUNCTION core_raise_positions(), core_keep_change_months(integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core_keep_change_months(integer, integer) TO mingus_staff;
