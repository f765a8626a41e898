-- Return the columns that all events of a statement share.
CREATE FUNCTION system_event_template(changed text, what text) RETURNS system_auditevent LANGUAGE plpgsql AS $$
DECLARE
    event public.system_auditevent;
BEGIN
    event.at := clock_timestamp();
    event.actor_id := nullif(current_setting('app.actor_id', true), '')::uuid;
    event.impersonator_id := nullif(current_setting('app.impersonator_id', true), '')::uuid;
    event.source := coalesce(current_setting('app.source', true), '');
    event.reason := coalesce(current_setting('app.reason', true), '');
    event.request_id := coalesce(current_setting('app.request_id', true), '');
    event.database_user := session_user;
    event.role := current_setting('role');
    event.transaction_id := pg_current_xact_id()::text::bigint;
    event.table_name := changed;
    event.action := what;
    RETURN event;
END $$;

-- Return the SHA-256 of the columns that all events of a statement share, as the text of a JSON array.
CREATE FUNCTION system_shared_digest(template system_auditevent) RETURNS bytea LANGUAGE sql STABLE
RETURN sha256(convert_to(jsonb_build_array(
    template.actor_id, template.impersonator_id, template.source, template.reason, template.request_id,
    template.database_user, template.role, template.transaction_id, template.table_name)::text, 'UTF8'));

-- Return an event with its digests. `digest` is of the event's own columns as the text of a JSON array, of the digest of the
-- shared columns, and of `changes_digest`; `system.audit_verification` computes the same. The text is concatenated, because
-- `jsonb_build_array` takes longer. `shared` is the digest of the shared JSON, `started` the time of `template` in
-- microseconds, and `random` the digits that the keys of the statement have in common.
--
-- Each event of a statement is a microsecond later than the one before, so that the keys keep the order of the rows. Recording
-- a row takes longer, so the time is never in the future. PostgreSQL replaces a call by the query (inlining).
CREATE FUNCTION system_complete_event(
    template system_auditevent, shared bytea, started bigint, random text, place bigint, owner uuid, key text, kept json
)
RETURNS SETOF system_auditevent LANGUAGE sql STABLE BEGIN ATOMIC
    SELECT id, at, owner, template.actor_id, template.impersonator_id, template.source, template.reason, template.request_id,
           template.database_user, template.role, template.transaction_id, template.table_name, key, template.action, kept,
           changes_digest,
           sha256(convert_to('["' || id || '", ' || extract(epoch FROM at) || ', ' || coalesce('"' || owner || '"', 'null')
               || ', ' || to_json(key) || ', "' || template.action || '"]', 'UTF8') || shared || changes_digest)
      FROM (
          SELECT public.core_uuid7(started + place, random) AS id, template.at + place * interval '1 microsecond' AS at,
                 sha256(convert_to(kept::text, 'UTF8')) AS changes_digest
          OFFSET 0  -- computes each value once
      ) AS computed;
END;

-- Record an event that is not about a row with an owner.
CREATE FUNCTION system_record_event(template system_auditevent, key text, kept json) RETURNS void LANGUAGE sql BEGIN ATOMIC
    INSERT INTO public.system_auditevent
    SELECT * FROM public.system_complete_event(template, public.system_shared_digest(template),
        public.core_microseconds(template.at), public.core_random_digits(), 0, NULL, key, kept);
END;

-- Record a statement: an event for each changed row, an entry of the change log for each row with an owner, and the owners
-- whose position rises at the commit (core/migrations/sql/changes.sql).
--
-- `core.audit.triggers.audit_function_call` passes the arguments. The transition tables are `changed_rows` for INSERT and
-- DELETE, `old_rows` and `new_rows` for UPDATE. The FULL JOIN is never a nested loop: a plan is cached, and one that was made
-- for single rows would otherwise take minutes for 20,000. It also keeps a row whose key changed, under both keys. With the
-- default `work_mem` it would hash 20,000 rows on disk.
--
-- An import adds hundreds of thousands of rows, so the JSON of an added row is written as text, which takes half the time of
-- jsonb, and its owner is read from the column. In a table without a column `user_id`, the name means that of `no_owner`.
CREATE FUNCTION system_record_changes() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET work_mem = '32MB' AS $$
DECLARE
    owner text := TG_ARGV[0];
    masked jsonb := TG_ARGV[1];
    ignored text[] := TG_ARGV[2];
    event public.system_auditevent := public.system_event_template(TG_TABLE_NAME, lower(TG_OP));
    shared bytea := public.system_shared_digest(event);
    started bigint := public.core_microseconds(event.at);
    random text := public.core_random_digits();
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        PERFORM public.system_record_event(event, '', '{}');
    ELSIF TG_OP = 'UPDATE' THEN
        WITH compared AS (
            SELECT place, before, after, coalesce(after, before) AS known
              FROM (SELECT row_number() OVER () AS place, id, to_jsonb(row) AS after FROM new_rows AS row) AS present
              FULL JOIN (SELECT id, to_jsonb(row) AS before FROM old_rows AS row) AS former USING (id)
        ), written AS (
            INSERT INTO public.system_auditevent
            SELECT complete.*
              FROM compared, LATERAL (
                       SELECT jsonb_object_agg(key, CASE WHEN masked ? key THEN jsonb_build_array(masked -> key, masked -> key)
                                                         ELSE jsonb_build_array(before -> key, after -> key) END) AS kept
                         FROM jsonb_object_keys(known) AS key
                        WHERE before -> key IS DISTINCT FROM after -> key AND key <> ALL (ignored) OFFSET 0
                   ) AS difference,
                   LATERAL public.system_complete_event(
                       event, shared, started, random, coalesce(place, 0), (known ->> owner)::uuid, known ->> 'id', kept::json
                   ) AS complete
             WHERE kept IS NOT NULL
            RETURNING id, user_id, row_key
        ), logged AS (
            INSERT INTO public.core_change SELECT id, user_id, pg_current_xact_id(), event.table_name, row_key, event.action
              FROM written WHERE user_id IS NOT NULL RETURNING user_id
        )
        INSERT INTO public.core_pendingposition SELECT DISTINCT pg_current_xact_id(), user_id FROM logged ON CONFLICT DO NOTHING;
    ELSE
        WITH written AS (
            INSERT INTO public.system_auditevent
            SELECT complete.*
              FROM (VALUES (NULL::uuid)) AS no_owner (user_id),
                   LATERAL (
                       SELECT row_number() OVER () AS place, row.id::text AS key, user_id AS customer, CASE
                              WHEN masked = '{}' THEN row_to_json(row) ELSE (to_jsonb(row) || masked)::json END AS kept
                         FROM changed_rows AS row OFFSET 0
                   ) AS changed,
                   LATERAL public.system_complete_event(
                       event, shared, started, random, place,
                       CASE owner WHEN 'user_id' THEN customer WHEN 'id' THEN key::uuid END, key, kept
                   ) AS complete
            RETURNING id, user_id, row_key
        ), logged AS (
            INSERT INTO public.core_change SELECT id, user_id, pg_current_xact_id(), event.table_name, row_key, event.action
              FROM written WHERE user_id IS NOT NULL RETURNING user_id
        )
        INSERT INTO public.core_pendingposition SELECT DISTINCT pg_current_xact_id(), user_id FROM logged ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;

-- Refuse every change of the log, except that the `changes` of an event are cleared when its user is erased.
--
-- SECURITY: if the serving role owns the tables, only this trigger stops an accidental statement.
CREATE FUNCTION system_guard_audit() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(OLD) ->> 'user_id' = current_setting('app.forgetting', true)
        AND to_jsonb(NEW) = to_jsonb(OLD) || '{"changes": null}' THEN
        RETURN NEW;
    END IF;
    RAISE insufficient_privilege USING MESSAGE = 'The audit log is append-only.',
        HINT = 'To erase a user, call system.services.forget_changes_of. To drop old events, set AUDIT_RETENTION_MONTHS.';
END $$;

CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON system_auditevent FOR EACH ROW EXECUTE FUNCTION system_guard_audit();
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON system_auditblock FOR EACH ROW EXECUTE FUNCTION system_guard_audit();
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON system_auditsignature FOR EACH ROW EXECUTE FUNCTION system_guard_audit();
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON system_auditevent FOR EACH STATEMENT EXECUTE FUNCTION system_guard_audit();
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON system_auditblock FOR EACH STATEMENT EXECUTE FUNCTION system_guard_audit();
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON system_auditsignature FOR EACH STATEMENT EXECUTE FUNCTION system_guard_audit();

-- SECURITY: a role that may execute a trigger function could attach it to its own table and record false events.
REVOKE ALL ON FUNCTION
    system_event_template(text, text), system_shared_digest(system_auditevent),
    system_complete_event(system_auditevent, bytea, bigint, text, bigint, uuid, text, json),
    system_record_event(system_auditevent, text, json), system_record_changes(), system_guard_audit()
    FROM PUBLIC;
