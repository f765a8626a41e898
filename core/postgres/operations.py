"""Migration operations that Django does not have."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import migrations
from pgtrigger.migrations import AddTrigger

from core.audit.triggers import ROW_CHANGES, audit_function_call

ALL = "SELECT, INSERT, UPDATE, DELETE"
ROLES = {"customer": "mingus_customer", "staff": "mingus_staff", "accounts": "mingus_accounts"}
SERVING = "mingus_serving"  # what the role that logs in is a member of
USER = "(SELECT nullif(current_setting('app.user_id', true), '')::uuid)"  # without SELECT it is worked out for each row
ROOT = Path(__file__).resolve().parents[2]


def run_sql_file(path: str) -> migrations.RunSQL:
    """Run a file of SQL statements, such as "core/migrations/sql/roles.sql"."""
    return migrations.RunSQL((ROOT / path).read_text())


class CreatePartitionedModel(migrations.CreateModel):
    """CreateModel for a table with a partition for each month of the time in its UUIDv7 key `id`.

    A row that fits no month goes into the partition `<table>_default`. `core_make_months` creates the months ahead: after each
    `migrate` (`core.apps`) and in a daily job. It also enables row-level security on each partition.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        schema_editor.sql_create_table += " PARTITION BY RANGE (id)"
        super().database_forwards(app_label, schema_editor, from_state, to_state)
        del schema_editor.sql_create_table  # the class's is in force again
        table = to_state.apps.get_model(app_label, self.name)._meta.db_table
        schema_editor.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")


def add_triggers(app_label: str, *model_names: str) -> list[AddTrigger]:
    """Return the operations that `makemigrations` writes for the `Meta.triggers` of models, without their text and hashes.

    They are read from the models as they are, so they are for the migrations that create the tables; a later migration has the
    operations that `makemigrations` writes.
    """
    models: list[Any] = [apps.get_model(app_label, name) for name in model_names]
    return [AddTrigger(model._meta.model_name, trigger.compile(model)) for model in models for trigger in model._meta.triggers]


class DeferredSQL(migrations.RunSQL):
    """Statements for the end of their migration, where Django adds foreign keys and some of the unique constraints."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        schema_editor.deferred_sql.append(self.sql)


def composite_foreign_key(child: str, column: str, parent: str, *, name: str, on_delete: str = "") -> migrations.RunSQL:
    """Keep a child with its owner's parent: (user_id, column) of `child` must be (user_id, id) of a row of `parent`.

    Foreign-key checks ignore row policies, so without this a user's row could hang on another user's. The check is
    immediate, so that it fails inside the statement and not at the commit, where nobody can answer it any more. `on_delete`
    says what becomes of the child when its parent goes, by whichever road: "CASCADE", or "SET NULL (column)".
    """
    add = f"ALTER TABLE {child} ADD CONSTRAINT {name} FOREIGN KEY (user_id, {column}) REFERENCES {parent} (user_id, id)"
    add += f" ON DELETE {on_delete}" if on_delete else ""
    return DeferredSQL(add, f"ALTER TABLE {child} DROP CONSTRAINT {name}")


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


def grant(*tables: str, customer: str = "", staff: str = "", accounts: str = "", serving: str = "") -> migrations.RunSQL:
    """Give the roles the privileges named for each on tables without an owner.

    `serving` is for the statements of the programs themselves, which run without a role.
    """
    given = [(ROLES["customer"], customer), (ROLES["staff"], staff), (ROLES["accounts"], accounts), (SERVING, serving)]
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
