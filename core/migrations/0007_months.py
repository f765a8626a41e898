"""Tables that are full already become tables with a partition a month, with all that hangs on them, and back.

And what fell into a default partition moves into its month when that is made.
"""

from importlib import import_module

from django.db import migrations

# What LIKE leaves out, as statements: keys, indexes, triggers with their comments, policies and privileges, in this order.
# Foreign keys are `core_copy_foreign_keys`'s.
DEFINITION = """
CREATE FUNCTION core_definition(tbl regclass) RETURNS text[] LANGUAGE sql STABLE
RETURN ARRAY(SELECT statement FROM (
    SELECT 1 AS step, conname AS name,
           format('ALTER TABLE %s ADD CONSTRAINT %I %s', tbl, conname, pg_get_constraintdef(oid)) AS statement
      FROM pg_constraint WHERE conrelid = tbl AND contype IN ('p', 'u', 'x')
    UNION ALL
    SELECT 2, indexrelid::regclass::text, replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') FROM pg_index
     WHERE indrelid = tbl AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND conrelid = tbl)
    UNION ALL
    SELECT 4, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = tbl AND NOT tgisinternal
    UNION ALL
    SELECT 5, tgname, format('COMMENT ON TRIGGER %I ON %s IS %L', tgname, tbl, obj_description(oid, 'pg_trigger'))
      FROM pg_trigger WHERE tgrelid = tbl AND NOT tgisinternal AND obj_description(oid, 'pg_trigger') IS NOT NULL
    UNION ALL
    SELECT 6, polname, format('CREATE POLICY %I ON %s AS %s FOR %s TO %s', polname, tbl,
           CASE WHEN polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
           CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
           (SELECT string_agg(CASE WHEN role = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(role)) END, ', ')
              FROM unnest(polroles) AS role))
           || coalesce(' USING (' || pg_get_expr(polqual, polrelid) || ')', '')
           || coalesce(' WITH CHECK (' || pg_get_expr(polwithcheck, polrelid) || ')', '')
      FROM pg_policy WHERE polrelid = tbl
    UNION ALL
    SELECT 7, flag, format('ALTER TABLE %s %s ROW LEVEL SECURITY', tbl, flag) FROM pg_class,
           LATERAL (VALUES ('ENABLE', relrowsecurity), ('FORCE', relforcerowsecurity)) AS flags (flag, is_set)
     WHERE pg_class.oid = tbl AND is_set
    UNION ALL
    SELECT 8, grantee::text || privilege_type, format('GRANT %s ON %s TO %s%s', privilege_type, tbl,
           CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
           CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
      FROM pg_class, aclexplode(relacl) WHERE pg_class.oid = tbl AND grantee <> relowner
    UNION ALL
    SELECT 9, attname || grantee::text || privilege_type, format('GRANT %s (%I) ON %s TO %s%s', privilege_type, attname, tbl,
           CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
           CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
      FROM pg_attribute, aclexplode(attacl) WHERE attrelid = tbl AND NOT attisdropped
) AS made ORDER BY step, name)
"""

# PostgreSQL checks a foreign key that is added to a full table as the owner, from whom FORCE hides the rows referred to; a row
# that comes in is checked as it should be. So the keys are there before the rows, and not deferred.
FOREIGN_KEYS = """
CREATE FUNCTION core_copy_foreign_keys(source regclass, target text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    statement text;
BEGIN
    FOR statement IN SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', target, conname, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE conrelid = source AND contype = 'f'
    LOOP
        EXECUTE statement;
    END LOOP;
    SET CONSTRAINTS ALL IMMEDIATE;
END $$
"""

# The table is made anew and its rows are copied, in one transaction that nobody else sees into. SECURITY: with FORCE, policies
# would hide rows from the owner, who copies; so it is lifted, and the rows are counted.
REBUILD = """
CREATE FUNCTION core_rebuild(name text, is_by_month boolean, ahead integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    whole text := name || '_whole';
    later text[];
    statement text;
    month timestamp;
    rows bigint;
    copied bigint;
BEGIN
    EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', name);
    IF EXISTS (SELECT FROM pg_constraint WHERE confrelid = name::regclass) THEN
        RAISE EXCEPTION 'Other tables refer to %, so its months could not be dropped.', name;
    END IF;
    later := core_definition(name::regclass);
    EXECUTE format('ALTER TABLE %I NO FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
        'ALTER TABLE %I'
        ' RENAME TO %I', name, whole);
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL EXCLUDING INDEXES) %s', name, whole,
        CASE WHEN is_by_month THEN 'PARTITION BY RANGE (id)' ELSE '' END);
    IF is_by_month THEN
        EXECUTE format('CREATE TABLE %I PARTITION OF %I DEFAULT', name || '_default', name);
        FOR month IN EXECUTE format('SELECT DISTINCT core_month_of(id) FROM %I', whole) LOOP
            IF month >= localtimestamp - interval '10 years' AND month <= localtimestamp THEN
                PERFORM core_make_month(name::regclass, month);
            END IF;
        END LOOP;
    END IF;
    PERFORM core_copy_foreign_keys(whole::regclass, name);
    EXECUTE format('SELECT count(*) FROM %I', whole) INTO rows;
    EXECUTE format('INSERT INTO %I SELECT * FROM %I', name, whole);
    GET DIAGNOSTICS copied = ROW_COUNT;
    IF rows <> copied THEN
        RAISE EXCEPTION 'Only % of the % rows of % were copied, so nothing is changed.', copied, rows, name;
    END IF;
    EXECUTE format('DROP TABLE %I', whole);
    FOREACH statement IN ARRAY later LOOP
        EXECUTE statement;
    END LOOP;
    IF is_by_month THEN
        PERFORM core_make_months(name::regclass, ahead);
    END IF;
END $$
"""

BY_MONTH = """
CREATE OR REPLACE FUNCTION core_partition_by_month(name text, ahead integer) RETURNS void LANGUAGE sql
AS 'SELECT core_rebuild(name, true, ahead)'
"""

TIMES = [
    """
CREATE FUNCTION core_month_of(key uuid) RETURNS timestamp LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN date_trunc('month', timestamp 'epoch'
    + ('x' || left(replace(key::text, '-', ''), 12))::bit(48)::bigint / 1000 * interval '1 second')
""",
    """
CREATE FUNCTION core_first_key_at(at timestamptz, days_later integer) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN public.core_first_key_at(to_timestamp((extract(epoch FROM at) + days_later * 86400)::double precision))
""",
]

# A month whose rows are in the default partition can't be made beside it: that is taken off, divided and put back.
MAKE_MONTH = """
CREATE FUNCTION core_make_month(parent regclass, month timestamp) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    name text := parent || to_char(month, '_YYYYMM');
    low uuid := public.core_first_key_at(month AT TIME ZONE 'UTC');
    high uuid := public.core_first_key_at((month + interval '1 month') AT TIME ZONE 'UTC');
    rest regclass;
BEGIN
    IF to_regclass(name) IS NOT NULL THEN
        RETURN 0;
    END IF;
    BEGIN
        EXECUTE format('CREATE TABLE %s PARTITION OF %s FOR VALUES FROM (%L) TO (%L)', name, parent, low, high);
    EXCEPTION WHEN check_violation THEN
        rest := public.core_take_off_rest(parent);
        EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING ALL)', name, parent);
        PERFORM public.core_copy_foreign_keys(parent, name);
        EXECUTE format('INSERT INTO %s SELECT * FROM %s WHERE id >= %L AND id < %L', name, rest, low, high);
        EXECUTE format('DELETE FROM %s WHERE id >= %L AND id < %L', rest, low, high);
        EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)', parent, name, low, high);
        EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s DEFAULT', parent, rest);
    END;
    RETURN 1;
END $$
"""

# Off its table it has no row trigger any more, so moving rows is no event of the audit log.
REST = """
CREATE FUNCTION core_take_off_rest(parent regclass) RETURNS regclass LANGUAGE plpgsql AS $$
DECLARE
    rest regclass := (SELECT partdefid FROM pg_partitioned_table WHERE partrelid = parent);
BEGIN
    EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', parent, rest);
    EXECUTE format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', rest);
    RETURN rest;
END $$
"""

# The default partition, opened to its owner, or NULL when nothing was ever in it. `core_wall_in` closes it again.
OPEN_REST = """
CREATE FUNCTION core_open_rest(parent regclass) RETURNS regclass LANGUAGE plpgsql AS $$
DECLARE
    rest regclass := (SELECT partdefid FROM pg_partitioned_table WHERE partrelid = parent);
BEGIN
    IF pg_relation_size(rest) = 0 THEN
        RETURN NULL;
    END IF;
    EXECUTE format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', rest);
    RETURN rest;
END $$
"""

# SECURITY: a partition inherits neither the policies' switch nor the triggers of a statement. Those that forbid TRUNCATE are
# copied; those that record it are not, for emptying the table is one event, and a month belongs to the owner alone.
WALL_IN = """
CREATE FUNCTION core_wall_in(parent regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT format('ALTER TABLE %s %s ROW LEVEL SECURITY', part.oid::regclass, flag)
          FROM pg_class AS whole, pg_inherits JOIN pg_class AS part ON part.oid = inhrelid,
               LATERAL (VALUES ('ENABLE', whole.relrowsecurity, part.relrowsecurity),
                               ('FORCE', whole.relforcerowsecurity, part.relforcerowsecurity)) AS flags (flag, wanted, is_set)
         WHERE whole.oid = parent AND inhparent = parent AND wanted AND NOT is_set
        UNION ALL
        SELECT format('CREATE TRIGGER %I BEFORE TRUNCATE ON %s FOR EACH STATEMENT %s', given.tgname, inhrelid::regclass,
               substring(pg_get_triggerdef(given.oid) FROM 'EXECUTE FUNCTION .*'))
          FROM pg_trigger AS given, pg_inherits
         WHERE tgrelid = parent AND NOT tgisinternal AND tgtype & 35 = 34 AND inhparent = parent
           AND NOT EXISTS (SELECT FROM pg_trigger AS there WHERE there.tgrelid = inhrelid AND there.tgname = given.tgname)
    LOOP
        EXECUTE statement;
    END LOOP;
END $$
"""

# Rows may have come by themselves into months that nobody had made, up to a year back; what is older stays where it is.
CREATE_MONTH_PARTITIONS = """
CREATE OR REPLACE FUNCTION core_make_months(parent regclass, ahead integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    present timestamp := date_trunc('month', now() AT TIME ZONE 'UTC');
    rest regclass;
    months timestamp[] := ARRAY(SELECT present + make_interval(months => number) FROM generate_series(0, ahead) AS number);
    missed timestamp[] := '{}';
    month timestamp;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('core_make_months'), parent::oid::integer);
    rest := public.core_open_rest(parent);
    IF rest IS NOT NULL THEN
        EXECUTE format('SELECT ARRAY(SELECT DISTINCT public.core_month_of(id) FROM %s WHERE id >= %L AND id < %L)', rest,
            public.core_first_key_at((present - interval '1 year') AT TIME ZONE 'UTC'),
            public.core_first_key_at(present AT TIME ZONE 'UTC')) INTO missed;
    END IF;
    FOREACH month IN ARRAY missed || months LOOP
        made := made + public.core_make_month(parent, month);
    END LOOP;
    PERFORM public.core_wall_in(parent);
    RETURN made;
END $$
"""

# A month goes when its last row is too old. Of the default partition single rows go, which are few.
DROP_MONTHS = """
CREATE OR REPLACE FUNCTION core_drop_months(parent regclass, before timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    partition regclass;
    rest regclass := public.core_open_rest(parent);
    oldest uuid := public.core_first_key_at(date_trunc('month', before AT TIME ZONE 'UTC') AT TIME ZONE 'UTC');
    has_old boolean := false;
    dropped integer := 0;
BEGIN
    IF rest IS NOT NULL THEN
        EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE id < %L)', rest, oldest) INTO has_old;
    END IF;
    IF has_old THEN
        rest := public.core_take_off_rest(parent);
        EXECUTE format('DELETE FROM %s WHERE id < %L', rest, oldest);
        EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s DEFAULT', parent, rest);
    END IF;
    PERFORM public.core_wall_in(parent);
    FOR partition IN
        SELECT inhrelid::regclass FROM pg_inherits
         WHERE inhparent = parent
           AND substring(inhrelid::regclass::text FROM '_(\\d{6})$') < to_char(before AT TIME ZONE 'UTC', 'YYYYMM')
    LOOP
        EXECUTE format('DROP TABLE %s', partition);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$
"""

PARTS = [*TIMES, DEFINITION, FOREIGN_KEYS, REST, OPEN_REST, WALL_IN, MAKE_MONTH, CREATE_MONTH_PARTITIONS, DROP_MONTHS, REBUILD, BY_MONTH]
OWNERS = (
    "core_definition(regclass), core_copy_foreign_keys(regclass, text), core_rebuild(text, boolean, integer),"
    " core_make_month(regclass, timestamp), core_take_off_rest(regclass), core_open_rest(regclass), core_wall_in(regclass)"
)
# in this order: SQL functions name what they call when they are made
UNDO = [
    f"DROP FUNCTION {OWNERS}",
    "DROP FUNCTION core_first_key_at(timestamptz, integer), core_month_of(uuid)",
    *(
        function.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
        for function in import_module("core.migrations.0005_audit").FUNCTIONS
        if any(f"FUNCTION {name}(" in function for name in ("core_make_months", "core_partition_by_month", "core_drop_months"))
        and "LANGUAGE plpgsql" in function
    ),
]


class Migration(migrations.Migration):
    dependencies = [("core", "0006_audit_data_keys")]

    operations = [migrations.RunSQL([*PARTS, f"REVOKE ALL ON FUNCTION {OWNERS} FROM PUBLIC"], UNDO)]
