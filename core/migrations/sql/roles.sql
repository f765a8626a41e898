-- The roles that statements run as. A role belongs to the whole server, so another database may have created it already.
--
-- The role that logs in is a member of mingus_serving, which is a member of the other three. mingus_serving inherits nothing
-- from them, so that each statement has to set its role (SET ROLE). Otherwise every statement could read the rows of all users.

DO $$
DECLARE
    wanted text;
BEGIN
    FOR attempt IN 1..50 LOOP
        BEGIN
            FOREACH wanted IN ARRAY ARRAY['mingus_serving', 'mingus_customer', 'mingus_staff', 'mingus_accounts'] LOOP
                IF to_regrole(wanted) IS NULL THEN
                    EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', wanted);
                END IF;
                IF wanted <> 'mingus_serving' AND NOT pg_has_role('mingus_serving', wanted, 'MEMBER') THEN
                    EXECUTE format('GRANT %I TO mingus_serving', wanted);
                END IF;
                EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', wanted);
            END LOOP;
            IF NOT EXISTS (
                SELECT FROM pg_auth_members AS given
                 WHERE given.roleid = 'mingus_serving'::regrole AND given.member = to_regrole(quote_ident(current_user))
                   AND coalesce((to_jsonb(given) ->> 'set_option')::boolean, true)
            ) THEN
                EXECUTE format('GRANT mingus_serving TO %I', current_user);
            END IF;
            EXIT;
        EXCEPTION
            WHEN insufficient_privilege THEN
                RAISE insufficient_privilege USING
                    MESSAGE = format('%I may not create the roles of MINGUS, or is not a member of them.', current_user),
                    HINT = 'Have a superuser run tools/create-role.sql, or: ALTER ROLE ' || current_user || ' CREATEROLE';
            WHEN duplicate_object OR unique_violation OR internal_error OR undefined_object THEN
                -- another database of this server is migrated at the same moment
                IF attempt = 50 THEN RAISE; END IF;
                PERFORM pg_sleep(0.05);
        END;
    END LOOP;
END $$;
