-- Clear the `changes` of a user's events, and return the number of events.
CREATE FUNCTION system_forget_changes(owner uuid) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    forgotten bigint;
BEGIN
    PERFORM set_config('app.forgetting', owner::text, true);
    UPDATE public.system_auditevent SET changes = NULL WHERE user_id = owner AND changes IS NOT NULL;
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    PERFORM set_config('app.forgetting', '', true);
    PERFORM public.system_record_event(
        public.system_event_template('users_user', 'forget'), owner::text, json_build_object('events', forgotten));
    RETURN forgotten;
END $$;

-- Create the partitions of the months ahead, drop those past retention, and return how many were dropped.
--
-- At least 12 months are retained, so that no call by a serving role can empty the log.
CREATE FUNCTION system_keep_audit_months(ahead integer, retained integer) RETURNS integer LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    log regclass := 'public.system_auditevent';
BEGIN
    PERFORM public.core_make_months(log, ahead);
    RETURN public.core_drop_months(log, now() - make_interval(months => greatest(retained, 12)));
END $$;

REVOKE ALL ON FUNCTION system_forget_changes(uuid), system_keep_audit_months(integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION system_forget_changes(uuid), system_keep_audit_months(integer, integer) TO mingus_staff;
