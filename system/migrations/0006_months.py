"""A change of a row in a month is recorded under its table's name, not under the month's; months are fenced like their table."""

from importlib import import_module

from django.db import migrations

BEFORE = import_module("system.migrations.0004_audit")
RECORD, OLD_MONTHS = (sql.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION") for sql in (BEFORE.RECORD, BEFORE.MONTHS))
BY_ITS_TABLE = RECORD.replace(
    "    kept jsonb := '{}';\n",
    "    kept jsonb := '{}';\n"
    # the catalogue is asked for what is called like a partition only: this runs for each row of an import
    "    changed text := CASE WHEN TG_TABLE_NAME !~ '_([0-9]{6}|default)$' THEN TG_TABLE_NAME ELSE coalesce("
    "(SELECT relname FROM pg_class WHERE oid = pg_partition_root(TG_RELID)), TG_TABLE_NAME) END;\n",
).replace("TG_ARGV[0])::uuid, TG_TABLE_NAME,", "TG_ARGV[0])::uuid, changed,")


# Making a month walls it in already.
MONTHS = """
CREATE OR REPLACE FUNCTION system_keep_audit_months(ahead integer, retained integer) RETURNS integer LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    log regclass := 'public.system_auditevent';
BEGIN
    PERFORM public.core_make_months(log, ahead);
    RETURN public.core_drop_months(log, now() - make_interval(months => greatest(retained, 12)));
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("system", "0005_access_log"), ("core", "0007_months")]

    operations = [migrations.RunSQL([BY_ITS_TABLE, MONTHS], [RECORD, OLD_MONTHS])]
