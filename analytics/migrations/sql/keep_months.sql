-- Create the partitions of the months ahead, drop those past their retention (0 days: never), and return how many were dropped.
--
-- At least 31 days are retained, so that no call by a serving role can empty the tables.
CREATE FUNCTION analytics_keep_months(ahead integer, event_days integer, metric_days integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    kept record;
    dropped integer := 0;
BEGIN
    FOR kept IN VALUES ('public.analytics_useranalytics'::regclass, event_days),
                       ('public.analytics_performancemetric'::regclass, metric_days)
    LOOP
        PERFORM public.core_make_months(kept.column1, ahead);
        IF kept.column2 > 0 THEN
            dropped := dropped
                + public.core_drop_months(kept.column1, now() - make_interval(days => greatest(kept.column2, 31)));
        END IF;
    END LOOP;
    RETURN dropped;
END $$;

REVOKE ALL ON FUNCTION analytics_keep_months(integer, integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION analytics_keep_months(integer, integer, integer) TO mingus_staff;
