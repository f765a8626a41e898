"""The three roles that statements run as. They belong to the whole server, so they may be there already."""

from django.db import migrations

# The role that migrates becomes a member that must ask (SET ROLE): one that inherits would meet everybody's rows unasked.
ROLES = """
DO $$
DECLARE
    wanted text;
    newer boolean := current_setting('server_version_num')::int >= 160000;
    membership text := CASE WHEN newer THEN 'GRANT %I TO %I WITH INHERIT FALSE, SET TRUE' ELSE 'GRANT %I TO %I' END;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['mingus_customer', 'mingus_staff', 'mingus_accounts'] LOOP
        FOR attempt IN 1..50 LOOP
            BEGIN
                IF to_regrole(wanted) IS NULL THEN
                    EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
                END IF;
                IF NOT newer AND (SELECT rolinherit AND NOT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
                    EXECUTE format('ALTER ROLE %I NOINHERIT', current_user);
                END IF;
                IF NOT EXISTS (
                    SELECT FROM pg_auth_members AS given
                     WHERE roleid = to_regrole(wanted) AND given.member = to_regrole(quote_ident(current_user))
                       AND coalesce((to_jsonb(given) ->> 'set_option')::boolean, true)
                ) THEN
                    EXECUTE format(membership, wanted, current_user);
                END IF;
                EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', wanted);
                EXIT;
            EXCEPTION
                WHEN insufficient_privilege THEN
                    RAISE insufficient_privilege USING
                        MESSAGE = format('%I may not make the role %I or become it.', current_user, wanted),
                        HINT = 'Have a superuser run tools/create-role.sql, or: ALTER ROLE ' || current_user || ' CREATEROLE';
                WHEN duplicate_object OR unique_violation OR internal_error THEN
                    -- another database of this server is migrated at the same moment
                    IF attempt = 50 THEN RAISE; END IF;
                    PERFORM pg_sleep(0.05);
            END;
        END LOOP;
    END LOOP;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("kit", "0001_initial")]

    operations = [migrations.RunSQL(ROLES, migrations.RunSQL.noop)]
