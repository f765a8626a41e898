-- Update planner statistics after an import of `created` rows. SECURITY DEFINER, because the importing roles own no table.
-- Tables that have grown by a tenth are analyzed, as autovacuum would do about a minute later.
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
END $$;
