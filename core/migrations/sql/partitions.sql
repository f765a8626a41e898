-- Tables with a partition for each month, which `core.postgres.operations.CreatePartitionedModel` creates.
--
-- The functions run as the tables' owner. A row that fits no month is in the partition `<table>_default`.

-- Give a new partition the foreign keys of its table before it gets rows.
--
-- PostgreSQL would check a foreign key that is added to a full table as the table's owner, from whom FORCE ROW LEVEL SECURITY
-- hides the rows referred to. It checks a row that is inserted correctly; SET CONSTRAINTS makes it do so at once.
CREATE FUNCTION core_copy_foreign_keys(source regclass, target text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    key record;
BEGIN
    FOR key IN SELECT oid, conname AS name, condeferrable FROM pg_constraint WHERE conrelid = source AND contype = 'f' LOOP
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s', target, key.name, pg_get_constraintdef(key.oid));
        IF key.condeferrable THEN
            EXECUTE format('SET CONSTRAINTS public.%I IMMEDIATE', key.name);  -- not ALL, which would lock positions before the commit
        END IF;
    END LOOP;
END $$;

-- Detach the default partition. While it is detached, moving its rows is not audited.
CREATE FUNCTION core_detach_default_partition(parent regclass) RETURNS regclass LANGUAGE plpgsql AS $$
DECLARE
    default_partition regclass := (SELECT partdefid FROM pg_partitioned_table WHERE partrelid = parent);
BEGIN
    EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', parent, default_partition);
    EXECUTE format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', default_partition);
    RETURN default_partition;
END $$;

-- Return the default partition after making it readable for its owner, or NULL if it is empty. core_secure_partitions
-- undoes that.
CREATE FUNCTION core_open_default_partition(parent regclass) RETURNS regclass LANGUAGE plpgsql AS $$
DECLARE
    default_partition regclass := (SELECT partdefid FROM pg_partitioned_table WHERE partrelid = parent);
BEGIN
    IF pg_relation_size(default_partition) = 0 THEN
        RETURN NULL;
    END IF;
    EXECUTE format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', default_partition);
    RETURN default_partition;
END $$;

-- Give each partition what it does not inherit from its table.
--
-- SECURITY: that is row-level security, and the triggers that forbid TRUNCATE. The triggers that record TRUNCATE are left out,
-- because emptying the table is one event, and only the owner can reach a partition.
CREATE FUNCTION core_secure_partitions(parent regclass) RETURNS void LANGUAGE plpgsql AS $$
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
END $$;

-- Create the partition of a month, unless it exists, and return how many were created.
--
-- If rows of that month are in the default partition, PostgreSQL refuses to create another one for them. Then the default
-- partition is detached, divided and attached again.
CREATE FUNCTION core_make_month(parent regclass, month timestamp) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    name text := parent || to_char(month, '_YYYYMM');
    low uuid := public.core_first_key_at(month AT TIME ZONE 'UTC');
    high uuid := public.core_first_key_at((month + interval '1 month') AT TIME ZONE 'UTC');
    default_partition regclass;
BEGIN
    IF to_regclass(name) IS NOT NULL THEN
        RETURN 0;
    END IF;
    BEGIN
        EXECUTE format('CREATE TABLE %s PARTITION OF %s FOR VALUES FROM (%L) TO (%L)', name, parent, low, high);
    EXCEPTION WHEN check_violation THEN
        default_partition := public.core_detach_default_partition(parent);
        EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING ALL)', name, parent);
        PERFORM public.core_copy_foreign_keys(parent, name);
        EXECUTE format('INSERT INTO %s SELECT * FROM %s WHERE id >= %L AND id < %L', name, default_partition, low, high);
        EXECUTE format('DELETE FROM %s WHERE id >= %L AND id < %L', default_partition, low, high);
        EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)', parent, name, low, high);
        EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s DEFAULT', parent, default_partition);
    END;
    RETURN 1;
END $$;

-- Create the partitions of this month and of as many months ahead, and return how many were created.
--
-- Rows in the default partition get the partitions of their months, too, if they are less than a year old.
CREATE FUNCTION core_make_months(parent regclass, ahead integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    present timestamp := date_trunc('month', now() AT TIME ZONE 'UTC');
    default_partition regclass;
    months timestamp[] := ARRAY(SELECT present + make_interval(months => number) FROM generate_series(0, ahead) AS number);
    missed timestamp[] := '{}';
    month timestamp;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('core_make_months'), parent::oid::integer);
    default_partition := public.core_open_default_partition(parent);
    IF default_partition IS NOT NULL THEN
        EXECUTE format('SELECT ARRAY(SELECT DISTINCT public.core_month_of(id) FROM %s WHERE id >= %L AND id < %L)',
            default_partition, public.core_first_key_at((present - interval '1 year') AT TIME ZONE 'UTC'),
            public.core_first_key_at(present AT TIME ZONE 'UTC')) INTO missed;
    END IF;
    FOREACH month IN ARRAY missed || months LOOP
        made := made + public.core_make_month(parent, month);
    END LOOP;
    PERFORM public.core_secure_partitions(parent);
    RETURN made;
END $$;

-- Drop the partitions of the months that ended before a time, and return how many were dropped.
--
-- Of the default partition only the rows are deleted, which are few.
CREATE FUNCTION core_drop_months(parent regclass, before timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    partition regclass;
    default_partition regclass := public.core_open_default_partition(parent);
    oldest uuid := public.core_first_key_at(date_trunc('month', before AT TIME ZONE 'UTC') AT TIME ZONE 'UTC');
    has_old boolean := false;
    dropped integer := 0;
BEGIN
    IF default_partition IS NOT NULL THEN
        EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE id < %L)', default_partition, oldest) INTO has_old;
    END IF;
    IF has_old THEN
        default_partition := public.core_detach_default_partition(parent);
        EXECUTE format('DELETE FROM %s WHERE id < %L', default_partition, oldest);
        EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s DEFAULT', parent, default_partition);
    END IF;
    PERFORM public.core_secure_partitions(parent);
    FOR partition IN
        SELECT inhrelid::regclass FROM pg_inherits
         WHERE inhparent = parent
           AND substring(inhrelid::regclass::text FROM '_(\d{6})$') < to_char(before AT TIME ZONE 'UTC', 'YYYYMM')
    LOOP
        EXECUTE format('DROP TABLE %s', partition);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;

REVOKE ALL ON FUNCTION
    core_copy_foreign_keys(regclass, text), core_detach_default_partition(regclass), core_open_default_partition(regclass),
    core_secure_partitions(regclass), core_make_month(regclass, timestamp), core_make_months(regclass, integer),
    core_drop_months(regclass, timestamptz)
    FROM PUBLIC;
