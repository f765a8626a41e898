"""What the audit log is made of: keys in the order of time, and tables with a partition a month.

And commands such as createsuperuser, which run as staff, may look whether all migrations are applied.
"""

from django.db import migrations

from core.postgres.operations import grant

# Ordered by the microsecond, so that the events of one transaction keep their order.
FUNCTIONS = [
    """
CREATE FUNCTION core_uuid7(at timestamptz) RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE
RETURN encode(
    substring(int8send((extract(epoch FROM at) * 1000000)::bigint / 1000) FROM 3)
    || int2send((28672 + (extract(epoch FROM at) * 1000000)::bigint % 1000 * 512 / 125)::smallint)
    || substring(uuid_send(gen_random_uuid()) FROM 9), 'hex')::uuid
""",
    """
CREATE FUNCTION core_first_key_at(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN at <= 'epoch' THEN '00000000-0000-0000-0000-000000000000' ELSE encode(
    substring(int8send(floor(extract(epoch FROM at) * 1000)::bigint) FROM 3) || '\\x00000000000000000000'::bytea, 'hex') END::uuid
""",
    """
CREATE FUNCTION core_make_months(parent regclass, ahead integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    month timestamptz;
    name text;
    made integer := 0;
BEGIN
    FOR number IN 0..ahead LOOP
        month := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => number)) AT TIME ZONE 'UTC';
        name := parent || '_' || to_char(month AT TIME ZONE 'UTC', 'YYYYMM');
        CONTINUE WHEN to_regclass(name) IS NOT NULL;
        BEGIN
            EXECUTE format('CREATE TABLE %s PARTITION OF %s FOR VALUES FROM (%L) TO (%L)', name, parent,
                public.core_first_key_at(month),
                public.core_first_key_at((month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC'));
            made := made + 1;
        EXCEPTION WHEN check_violation THEN
            RAISE WARNING '% has no partition of its own: rows of that month are in the default partition already.', name;
        END;
    END LOOP;
    RETURN made;
END $$
""",
    """
CREATE FUNCTION core_partition_by_month(name text, ahead integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    whole text := name || '_whole';
BEGIN
    EXECUTE format(
        'ALTER TABLE %I'
        ' RENAME TO %I', name, whole);
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE (id)', name, whole);
    EXECUTE format('DROP TABLE %I', whole);
    EXECUTE format('ALTER TABLE %I ADD PRIMARY KEY (id)', name);
    EXECUTE format('CREATE TABLE %I PARTITION OF %I DEFAULT', name || '_default', name);
    PERFORM core_make_months(name::regclass, ahead);
END $$
""",
    """
CREATE FUNCTION core_drop_months(parent regclass, before timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    partition regclass;
    dropped integer := 0;
BEGIN
    FOR partition IN
        SELECT inhrelid::regclass FROM pg_inherits
         WHERE inhparent = parent AND substring(inhrelid::regclass::text FROM '_(\\d{6})$') < to_char(before AT TIME ZONE 'UTC', 'YYYYMM')
    LOOP
        EXECUTE format('DROP TABLE %s', partition);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$
""",
    "REVOKE ALL ON FUNCTION core_make_months(regclass, integer), core_drop_months(regclass, timestamptz),"
    " core_partition_by_month(text, integer) FROM PUBLIC",
]
UNDO = [
    "DROP FUNCTION core_drop_months(regclass, timestamptz), core_partition_by_month(text, integer), core_make_months(regclass, integer)",
    "DROP FUNCTION core_first_key_at(timestamptz), core_uuid7(timestamptz)",
]


class Migration(migrations.Migration):
    dependencies = [("core", "0004_data_keys")]

    operations = [migrations.RunSQL(FUNCTIONS, UNDO), grant("django_migrations", staff="SELECT")]
