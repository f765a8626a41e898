-- Add an event to the log. Its digest is computed from the same text in `system.audit_verification`.
CREATE FUNCTION system_write_event(owner uuid, kind text, key text, what text, kept jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    event public.system_auditevent;
BEGIN
    event.at := clock_timestamp();
    event.id := public.core_uuid7(event.at);
    event.user_id := owner;
    event.actor_id := nullif(current_setting('app.actor_id', true), '')::uuid;
    event.impersonator_id := nullif(current_setting('app.impersonator_id', true), '')::uuid;
    event.source := coalesce(current_setting('app.source', true), '');
    event.reason := coalesce(current_setting('app.reason', true), '');
    event.request_id := coalesce(current_setting('app.request_id', true), '');
    event.database_user := session_user;
    event.role := current_setting('role');
    event.transaction_id := pg_current_xact_id()::text::bigint;
    event.table_name := kind;
    event.row_key := key;
    event.action := what;
    event.changes := kept;
    event.changes_digest := sha256(convert_to(kept::text, 'UTF8'));
    event.digest := sha256(convert_to(jsonb_build_array(event.id, extract(epoch FROM event.at), event.user_id, event.actor_id,
        event.impersonator_id, event.source, event.reason, event.request_id, event.database_user, event.role,
        event.transaction_id, event.table_name, event.row_key, event.action)::text, 'UTF8') || event.changes_digest);
    INSERT INTO public.system_auditevent VALUES (event.*);
END $$;

-- Record a change of a row, or a TRUNCATE. `core.audit.triggers.audit_function_call` passes the arguments.
--
-- The name of a partition's table is looked up only if the name looks like a partition's: this runs for each imported row.
CREATE FUNCTION system_record_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    secrets text[] := TG_ARGV[1];
    ignored text[] := TG_ARGV[2];
    known jsonb;
    before jsonb;
    kept jsonb := '{}';
    changed text := CASE
        WHEN TG_TABLE_NAME !~ '_([0-9]{6}|default)$' THEN TG_TABLE_NAME
        ELSE coalesce((SELECT relname FROM pg_class WHERE oid = pg_partition_root(TG_RELID)), TG_TABLE_NAME)
    END;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        before := to_jsonb(OLD);
        known := to_jsonb(NEW);
        SELECT jsonb_object_agg(key, CASE WHEN key = ANY (secrets) THEN '["<secret>", "<secret>"]'::jsonb
                                          ELSE jsonb_build_array(before -> key, value) END)
          INTO kept FROM jsonb_each(known) WHERE value IS DISTINCT FROM before -> key AND key <> ALL (ignored);
        IF kept IS NULL THEN
            RETURN NULL;
        END IF;
    ELSIF TG_LEVEL = 'ROW' THEN
        known := CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
        kept := known;
        IF secrets <> '{}' THEN
            SELECT kept || jsonb_object_agg(name, '<secret>') INTO kept FROM unnest(secrets) AS name;
        END IF;
    END IF;
    PERFORM public.system_write_event(
        (known ->> TG_ARGV[0])::uuid, changed, coalesce(known ->> 'id', ''), lower(TG_OP), kept);
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
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON system_auditevent FOR EACH STATEMENT EXECUTE FUNCTION system_guard_audit();
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON system_auditblock FOR EACH STATEMENT EXECUTE FUNCTION system_guard_audit();

-- SECURITY: a role that may execute a trigger function could attach it to its own table and record false events.
REVOKE ALL ON FUNCTION system_write_event(uuid, text, text, text, jsonb), system_record_change(), system_guard_audit()
    FROM PUBLIC;
