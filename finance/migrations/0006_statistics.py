"""Statistics after a large import: only a table's owner may renew them, and those who import own none."""

from django.db import migrations

# ANALYZE takes the tables that grew by a tenth since it last saw them, as autovacuum would in a minute or so
KEEP_STATISTICS = """
CREATE FUNCTION finance_keep_statistics(created integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    grown text;
BEGIN
    FOR grown IN
        SELECT oid::regclass::text FROM pg_class WHERE reltuples < 10 * created AND oid IN (
            'finance_financialtransaction'::regclass, 'finance_statementimportrow'::regclass
        )
    LOOP
        EXECUTE 'ANALYZE ' || grown;
    END LOOP;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("finance", "0005_walls")]

    operations = [migrations.RunSQL(KEEP_STATISTICS, "DROP FUNCTION finance_keep_statistics(integer)")]
