"""Checks that row-level security is in force, which `manage.py serve` runs before it starts."""

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from core.context import Role

# Tables with a user's key, and the accounts. Partitions are left out: they are accessed through their table and its policies.
TABLES_WITHOUT_RLS = """
SELECT c.oid::regclass::text, c.relrowsecurity, pg_get_userbyid(c.relowner) = session_user
  FROM pg_class c
 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = current_schema()::regnamespace
   AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
   AND (c.relname = 'users_user'
        OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'user_id' AND NOT a.attisdropped)
        OR EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.confrelid = to_regclass('users_user')))
 ORDER BY 1
"""
VIEWS_WITHOUT_SECURITY_INVOKER = """
SELECT oid::regclass::text FROM pg_class
 WHERE relkind IN ('v', 'm') AND relnamespace = current_schema()::regnamespace
   AND (relkind = 'm' OR NOT coalesce(reloptions::text ~ 'security_invoker=(true|on|1)', false))
 ORDER BY 1
"""
LOGIN_ROLE = "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = session_user"
CAN_SET_ROLE = "SELECT to_regrole(%(role)s) IS NOT NULL AND pg_has_role(session_user, %(role)s, 'MEMBER')"
INHERITS_ROLE = "SELECT pg_has_role(session_user, %s, 'USAGE')"


def find_problems(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the problems that would expose rows of other users, each as a message that says what to do."""
    with connection.cursor() as cursor:
        cursor.execute(LOGIN_ROLE)
        name, is_superuser, bypasses = cursor.fetchone()
        if is_superuser or bypasses:
            power = "is a superuser" if is_superuser else "has BYPASSRLS"
            return [
                f"The database role {name} {power}, so row policies do not apply. Serve as the role of tools/create-role.sql."
            ]
        found = [problem for role in Role if role for problem in _role_problems(cursor, name, role)]
        cursor.execute(TABLES_WITHOUT_RLS)
        found += [_missing_rls_problem(*row) for row in cursor.fetchall()]
        cursor.execute(VIEWS_WITHOUT_SECURITY_INVOKER)
        remedy = "Create it WITH (security_invoker = true)."
        found += [f"The view {view} shows the rows of all users. {remedy}" for (view,) in cursor]
    return found


def _role_problems(cursor: CursorWrapper, name: str, role: Role) -> list[str]:
    cursor.execute(CAN_SET_ROLE, {"role": role})
    if not cursor.fetchone()[0]:
        return [f"The database role {name} can't become {role}. Run `manage.py migrate` with DATABASE_OWNER_URL set."]
    cursor.execute(INHERITS_ROLE, [role])
    if not cursor.fetchone()[0]:
        return []
    return [
        f"The database role {name} inherits the privileges of {role}. Run, as an administrator of the database: "
        f"REVOKE {role} FROM {name}; ALTER ROLE mingus_serving NOINHERIT; GRANT mingus_serving TO {name}."
    ]


def _missing_rls_problem(table: str, has_policies: bool, is_own: bool) -> str:
    if not has_policies:
        remedy = f"Add enable_row_level_security({table!r}) of core.postgres.operations to a migration."
        return f"The table {table} has rows of users and no row policies. {remedy}"
    owner = "the serving role, which owns it" if is_own else "its owner"
    return f"The row policies of {table} do not apply to {owner}. Run: ALTER TABLE {table} FORCE ROW LEVEL SECURITY."


def grant_serving_role(connection: BaseDatabaseWrapper, role: str) -> None:
    """Make `role` a member of `mingus_serving`. The connection must be that of the tables' owner."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_has_role(%s, 'mingus_serving', 'MEMBER')", [role])
        if not cursor.fetchone()[0]:
            cursor.execute(f"GRANT mingus_serving TO {connection.ops.quote_name(role)}")
