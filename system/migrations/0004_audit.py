"""The audit log: its tables, the functions that alone write to it, and the wall around it."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

from core.postgres.operations import enable_row_level_security
from core.postgres.partitions import MONTHS_AHEAD, partition_by_month

# On one line each, as django-migration-linter reads them.
EVENTS = (
    "CREATE TABLE system_auditevent ("
    "id uuid PRIMARY KEY, at timestamptz NOT NULL, user_id uuid, actor_id uuid, impersonator_id uuid, source text NOT NULL, "
    "reason text NOT NULL, request_id text NOT NULL, database_user text NOT NULL, role text NOT NULL, "
    "transaction_id bigint NOT NULL, table_name text NOT NULL, row_key text NOT NULL, action text NOT NULL, "
    "changes jsonb, changes_digest bytea NOT NULL, digest bytea NOT NULL"
    ")"
)
INDEXES = [
    "CREATE INDEX system_auditevent_user ON system_auditevent (user_id, id)",
    "CREATE INDEX system_auditevent_row ON system_auditevent (row_key, table_name, id)",
    "CREATE INDEX system_auditevent_request ON system_auditevent (request_id)",
]
BLOCKS = (
    "CREATE TABLE system_auditblock ("
    "number bigint PRIMARY KEY, sealed_at timestamptz NOT NULL, oldest_running bigint NOT NULL, next_transaction bigint NOT NULL, "
    "event_ids uuid[] NOT NULL, digests bytea NOT NULL, previous_hash bytea NOT NULL, hash bytea NOT NULL"
    ")"
)

# The tables' owner is bound by policies like anybody else. These let him in only through the functions below, which run as he
# while the setting `role` still names the caller's, or as a trigger.
THROUGH_A_FUNCTION = "current_setting('role') <> 'none'"
KEEPER = [
    f"CREATE POLICY keeper ON system_auditevent FOR INSERT WITH CHECK (pg_trigger_depth() > 0 OR {THROUGH_A_FUNCTION})",
    f"CREATE POLICY reader ON system_auditevent FOR SELECT USING ({THROUGH_A_FUNCTION})",
    f"CREATE POLICY eraser ON system_auditevent FOR UPDATE USING ({THROUGH_A_FUNCTION}) WITH CHECK (changes IS NULL)",
    f"CREATE POLICY keeper ON system_auditblock USING ({THROUGH_A_FUNCTION}) WITH CHECK ({THROUGH_A_FUNCTION})",
]

# SECURITY: in one-URL mode the role that serves owns these tables, and this is what stops a careless statement of its.
GUARD = """
CREATE FUNCTION system_guard_audit() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(OLD) ->> 'user_id' = current_setting('app.forgetting', true)
        AND to_jsonb(NEW) = to_jsonb(OLD) || '{"changes": null}' THEN
        RETURN NEW;
    END IF;
    RAISE insufficient_privilege USING MESSAGE = 'The audit log is only added to.',
        HINT = 'What a person is to be forgotten for: system.services.forget_changes_of. What is too old: AUDIT_RETENTION_MONTHS.';
END $$
"""
GUARDED = [
    f"CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION system_guard_audit()"
    for table in ("system_auditevent", "system_auditblock")
] + [
    f"CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION system_guard_audit()"
    for table in ("system_auditevent", "system_auditblock")
]

# `system.audit_verification` computes the same digests from the same text.
WRITE = """
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
END $$
"""

# The trigger of every audited table, see `core.audit.triggers.recorded` for what it is told.
RECORD = """
CREATE FUNCTION system_record_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    secrets text[] := TG_ARGV[1];
    ignored text[] := TG_ARGV[2];
    known jsonb;
    before jsonb;
    kept jsonb := '{}';
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
        (known ->> TG_ARGV[0])::uuid, TG_TABLE_NAME, coalesce(known ->> 'id', ''), lower(TG_OP), kept);
    RETURN NULL;
END $$
"""

# Seals every event that is finished and in no block yet, and gives how many. An event is finished when its transaction can't be
# running: it is older than the oldest that runs, or from another life of the database (restored from a dump), or our own.
# An event is older than `sealed_at` of a block only if it is in a block, once no transaction runs that was running then; so
# only the time since then, and five minutes for a clock that was set back, is looked through.
SEAL = """
CREATE FUNCTION system_seal_audit() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    part record;
    block public.system_auditblock;
    sealed bigint := 0;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('system_auditblock')) THEN
        RETURN 0;
    END IF;
    SELECT * INTO block FROM public.system_auditblock ORDER BY number DESC LIMIT 1;
    block.number := coalesce(block.number, 0);
    block.hash := coalesce(block.hash, '');
    block.sealed_at := clock_timestamp();
    FOR part IN
        WITH edge AS MATERIALIZED (
            SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS low,
                   pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS high,
                   pg_current_xact_id_if_assigned()::text::bigint AS own
        ), known AS (
            SELECT unnest(event_ids) AS id FROM public.system_auditblock
             WHERE sealed_at >= (SELECT public.system_sealed_until(low) FROM edge)
        ), pending AS (
            SELECT id, digest, row_number() OVER (ORDER BY transaction_id, id) - 1 AS place
              FROM public.system_auditevent AS event, edge
             WHERE id >= (SELECT public.core_first_key_at(public.system_sealed_until(low)) FROM edge)
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
END $$
"""
SEALED_UNTIL = """
CREATE FUNCTION system_sealed_until(oldest_of_now bigint) RETURNS timestamptz LANGUAGE sql STABLE
RETURN (SELECT coalesce(max(sealed_at), '-infinity') - interval '5 minutes' FROM system_auditblock
         WHERE next_transaction <= oldest_of_now)
"""

FORGET = """
CREATE FUNCTION system_forget_changes(owner uuid) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    forgotten bigint;
BEGIN
    PERFORM set_config('app.forgetting', owner::text, true);
    UPDATE public.system_auditevent SET changes = NULL WHERE user_id = owner AND changes IS NOT NULL;
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    PERFORM set_config('app.forgetting', '', true);
    PERFORM public.system_write_event(NULL, 'users_user', owner::text, 'forget', jsonb_build_object('events', forgotten));
    RETURN forgotten;
END $$
"""

# A year is kept whatever is asked for, so that no statement of a serving role can empty the log.
MONTHS = """
CREATE FUNCTION system_keep_audit_months(ahead integer, retained integer) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    partition regclass;
    log regclass := 'public.system_auditevent';
BEGIN
    PERFORM public.core_make_months(log, ahead);
    FOR partition IN SELECT inhrelid FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = log AND NOT relforcerowsecurity
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', partition);
        EXECUTE format('CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON %s FOR EACH STATEMENT'
            ' EXECUTE FUNCTION public.system_guard_audit()', partition);
    END LOOP;
    RETURN public.core_drop_months(log, now() - make_interval(months => greatest(retained, 12)));
END $$
"""

# SECURITY: whoever may execute a trigger's function may hang it on a table of his own and record what never happened.
INTERNAL = "system_write_event(uuid, text, text, text, jsonb), system_record_change(), system_guard_audit()"
FOR_STAFF = "system_seal_audit(), system_forget_changes(uuid), system_keep_audit_months(integer, integer)"
PRIVILEGES = [
    f"REVOKE ALL ON FUNCTION {INTERNAL}, {FOR_STAFF} FROM PUBLIC",
    f"GRANT EXECUTE ON FUNCTION {FOR_STAFF} TO mingus_staff",
]

CREATE_MONTH_PARTITIONS = f"SELECT system_keep_audit_months({MONTHS_AHEAD}, 84)"
FUNCTIONS = [GUARD, WRITE, RECORD, SEALED_UNTIL, SEAL, FORGET, MONTHS]
UNDO = f"""DROP FUNCTION system_keep_audit_months(integer, integer), system_forget_changes(uuid), system_seal_audit(),
    system_sealed_until(bigint);
DROP TABLE system_auditevent, system_auditblock;
DROP FUNCTION {INTERNAL}
"""


class Migration(migrations.Migration):
    dependencies = [("system", "0003_walls"), ("core", "0005_audit")]

    operations = [
        migrations.RunSQL([EVENTS, BLOCKS, partition_by_month("system_auditevent").sql, *INDEXES], UNDO),
        migrations.RunSQL([*FUNCTIONS, *GUARDED], migrations.RunSQL.noop),
        enable_row_level_security("system_auditevent", customer="", staff="SELECT"),
        enable_row_level_security("system_auditblock", customer="", staff="SELECT"),
        migrations.RunSQL([*KEEPER, *PRIVILEGES, CREATE_MONTH_PARTITIONS], migrations.RunSQL.noop),
        migrations.CreateModel(
            name="AuditBlock",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("sealed_at", models.DateTimeField()),
                ("oldest_running", models.BigIntegerField()),
                ("next_transaction", models.BigIntegerField()),
                ("event_ids", ArrayField(base_field=models.UUIDField(), size=None)),
                ("digests", models.BinaryField()),
                ("previous_hash", models.BinaryField()),
                ("hash", models.BinaryField()),
            ],
            options={
                "db_table": "system_auditblock",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("source", models.TextField()),
                ("reason", models.TextField()),
                ("request_id", models.TextField()),
                ("database_user", models.TextField()),
                ("role", models.TextField()),
                ("transaction_id", models.BigIntegerField()),
                ("table_name", models.TextField()),
                ("row_key", models.TextField()),
                (
                    "action",
                    models.TextField(
                        choices=[
                            ("insert", "added"),
                            ("update", "changed"),
                            ("delete", "deleted"),
                            ("truncate", "emptied"),
                            ("forget", "forgotten"),
                        ]
                    ),
                ),
                ("changes", models.JSONField(null=True)),
                ("changes_digest", models.BinaryField()),
                ("digest", models.BinaryField()),
            ],
            options={
                "verbose_name": "change",
                "db_table": "system_auditevent",
                "managed": False,
            },
        ),
    ]
