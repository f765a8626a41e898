"""Migration operations that Django does not have."""

from collections.abc import Sequence
from typing import Any

from django.db import migrations

from core.audit.triggers import ROW_CHANGES, audit_function_call

ALL = "SELECT, INSERT, UPDATE, DELETE"
ROLES = {"customer": "mingus_customer", "staff": "mingus_staff", "accounts": "mingus_accounts"}
USER = "(SELECT nullif(current_setting('app.user_id', true), '')::uuid)"  # without SELECT it is worked out for each row


def composite_foreign_key(child: str, column: str, parent: str, *, name: str, on_delete: str = "") -> migrations.RunSQL:
    """Keep a child with its owner's parent: (user_id, column) of `child` must be (user_id, id) of a row of `parent`.

    Foreign-key checks ignore row policies, so without this a user's row could hang on another user's. The check is
    immediate, so that it fails inside the statement and not at the commit, where nobody can answer it any more. `on_delete`
    says what becomes of the child when its parent goes, by whichever road: "CASCADE", or "SET NULL (column)".
    """
    add = f"ALTER TABLE {child} ADD CONSTRAINT {name} FOREIGN KEY (user_id, {column}) REFERENCES {parent} (user_id, id)"
    add += f" ON DELETE {on_delete}" if on_delete else ""
    return migrations.RunSQL(add, f"ALTER TABLE {child} DROP CONSTRAINT {name}")


def enable_row_level_security(
    table: str, *, owner: str = "user_id", customer: str = ALL, staff: str = ALL, accounts: str = ""
) -> migrations.RunSQL:
    """Put a table with an owner behind row-level security.

    Customers meet rows whose column `owner` is theirs; staff, and sign-up and login (`accounts`), meet all. Each role gets
    the privileges named for it, and the role without any has no policy either. See `core.rls.roles`.
    """
    own = f"{owner} = {USER}"
    powers = {"customer": (customer, own), "staff": (staff, "true"), "accounts": (accounts, "true")}
    up: list[Any] = [f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY", f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"]
    down: list[Any] = [f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY", f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"]
    for name, (privileges, rows) in powers.items():
        if privileges:
            up.append(f"CREATE POLICY {name} ON {table} TO {ROLES[name]} USING ({rows}) WITH CHECK ({rows})")
            up.append(f"GRANT {privileges} ON {table} TO {ROLES[name]}")
            down.append(f"DROP POLICY {name} ON {table}")
            down.append(f"REVOKE ALL ON {table} FROM {ROLES[name]}")
    return migrations.RunSQL(up, down)


def grant(*tables: str, customer: str = "", staff: str = "", accounts: str = "") -> migrations.RunSQL:
    """Open tables that belong to nobody to the roles, with the privileges named for each."""
    given = [(ROLES["customer"], customer), (ROLES["staff"], staff), (ROLES["accounts"], accounts)]
    up: list[Any] = [f"GRANT {privileges} ON {', '.join(tables)} TO {role}" for role, privileges in given if privileges]
    down: list[Any] = [f"REVOKE ALL ON {', '.join(tables)} FROM {role}" for role, privileges in given if privileges]
    return migrations.RunSQL(up, down)


def audit(table: str, *, owner: str = "user_id", secrets: Sequence[str] = ()) -> migrations.RunSQL:
    """Record the changes of another package's table in the audit log, like those of our own models.

    `owner` is the column that says whose a row is, "" for nobody's. Of the columns `secrets` only the change is recorded.
    """
    call = audit_function_call(owner=owner, secrets=secrets)
    up = (
        f"CREATE TRIGGER audit AFTER {ROW_CHANGES} ON {table} FOR EACH ROW EXECUTE FUNCTION {call}",
        f"CREATE TRIGGER audit_truncate AFTER TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {call}",
    )
    return migrations.RunSQL(up, (f"DROP TRIGGER audit ON {table}", f"DROP TRIGGER audit_truncate ON {table}"))
