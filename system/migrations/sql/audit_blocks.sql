-- Return the time before which every event is in a block.
--
-- Once all transactions that were running when a block was created have ended, every event before its `sealed_at` is in a
-- block. Five minutes are subtracted in case the clock was set back. The last block counts, not the one with the latest time:
-- the clock may have been wrong.
CREATE FUNCTION system_sealed_until(oldest_of_now bigint) RETURNS timestamptz LANGUAGE sql STABLE
RETURN coalesce((SELECT sealed_at FROM system_auditblock WHERE next_transaction <= oldest_of_now ORDER BY number DESC LIMIT 1),
                '-infinity') - interval '5 minutes';

-- Add every finished event that is in no block yet to a new block, and return the number of events.
--
-- An event is finished if its transaction is older than the oldest running one, comes from another server (the database was
-- restored from a dump), or is this transaction.
CREATE FUNCTION system_seal_audit() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    part record;
    block public.system_auditblock;
    sealed bigint := 0;
    since timestamptz := public.system_sealed_until(pg_snapshot_xmin(pg_current_snapshot())::text::bigint);
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('system_auditblock')) THEN
        RETURN 0;
    END IF;
    SELECT * INTO block FROM public.system_auditblock ORDER BY number DESC LIMIT 1;
    block.number := coalesce(block.number, 0);
    block.hash := coalesce(block.hash, '');
    -- The clock was set back: the events since the last block are earlier than it. A block is created each minute
    IF block.sealed_at > clock_timestamp() THEN
        since := least(since, clock_timestamp() - interval '1 day');
    END IF;
    block.sealed_at := clock_timestamp();
    FOR part IN
        WITH edge AS MATERIALIZED (
            SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS low,
                   pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS high,
                   pg_current_xact_id_if_assigned()::text::bigint AS own
        ), known AS (
            SELECT unnest(event_ids) AS id FROM public.system_auditblock
             WHERE sealed_at >= since
        ), pending AS (
            SELECT id, digest, row_number() OVER (ORDER BY transaction_id, id) - 1 AS place
              FROM public.system_auditevent AS event, edge
             WHERE id >= public.core_first_key_at(since)
               AND (transaction_id < low OR transaction_id >= high OR transaction_id = own)
               AND NOT EXISTS (SELECT FROM known WHERE known.id = event.id)
        )
        SELECT array_agg(id ORDER BY place) AS ids, string_agg(uuid_send(id), '' ORDER BY place) AS keys,
               string_agg(digest, '' ORDER BY place) AS digests, (SELECT low FROM edge) AS low, (SELECT high FROM edge) AS high
          FROM pending GROUP BY place / 10000 ORDER BY place / 10000
    LOOP
        block.number := block.number + 1;
        block.oldest_running := part.low;
        block.next_transaction := part.high;
        block.event_ids := part.ids;
        block.digests := part.digests;
        block.previous_hash := block.hash;
        block.hash := sha256(block.previous_hash || int8send(block.number)
            || int8send((extract(epoch FROM block.sealed_at) * 1000000)::bigint) || int8send(block.oldest_running)
            || int8send(block.next_transaction) || part.keys || block.digests);
        INSERT INTO public.system_auditblock VALUES (block.*);
        sealed := sealed + cardinality(block.event_ids);
    END LOOP;
    RETURN sealed;
END $$;

-- Add the signature of a block. A block is signed once.
CREATE FUNCTION system_sign_block(block bigint, at timestamptz, key bytea, signed bytea) RETURNS void LANGUAGE sql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp BEGIN ATOMIC
    INSERT INTO public.system_auditsignature (number, signed_at, key_id, signature) VALUES (block, at, key, signed);
END;

REVOKE ALL ON FUNCTION system_seal_audit(), system_sign_block(bigint, timestamptz, bytea, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION system_seal_audit(), system_sign_block(bigint, timestamptz, bytea, bytea) TO mingus_staff;
