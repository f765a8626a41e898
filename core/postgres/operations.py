"""Migration operations that Django does not have."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import migrations
from pgtrigger.migrations import AddTrigger

from core.audit.triggers import TRANSITION_TABLES, audit_function_call

ALL = "SELECT, INSERT, UPDATE, DELETE"
ROLES = {"customer": "mingus_customer", "staff": "mingus_staff", "accounts": "mingus_accounts"}
SERVING = "mingus_serving"  # the login role is a member of it
USER = "(SELECT nullif(current_setting('app.user_id', true), '')::uuid)"  # without SELECT it is computed for each row
ROOT = Path(__file__).resolve().parents[2]


def run_sql_file(path: str) -> migrations.RunSQL:
    """Run a file of SQL statements, such as "core/migrations/sql/roles.sql"."""
    return migrations.RunSQL((ROOT / path).read_text())


class CreatePartitionedModel(migrations.CreateModel):
    """CreateModel for a table that is partitioned by the month of its UUIDv7 key `id`.

    A row of another month goes into the partition `<table>_default`. `core_make_months` creates the coming months and enables
    row-level security on each partition, after each `migrate` (`core.apps`) and in a daily job.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        schema_editor.sql_create_table += " PARTITION BY RANGE (id)"
        super().database_forwards(app_label, schema_editor, from_state, to_state)
        del schema_editor.sql_create_table  # restores the attribute of the class
        table = to_state.apps.get_model(app_label, self.name)._meta.db_table
        schema_editor.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")


class AddInitialTrigger(AddTrigger):
    """Create a trigger of a new table without rendering the model again, which takes more than half of the migrations' time."""

    def state_forwards(self, app_label: str, state: Any) -> None:
        options = state.models[app_label, self.model_name].options
        options["triggers"] = [*options.get("triggers", []), self.trigger]


def add_triggers(app_label: str, *model_names: str) -> list[AddInitialTrigger]:
    """Return the operations that create the `Meta.triggers` of models, for the migrations that create the tables.

    The triggers are those that the models have now. A later migration has the operations that `makemigrations` writes.
    """
    models: list[Any] = [apps.get_model(app_label, name) for name in model_names]
    return [
        AddInitialTrigger(model._meta.model_name, trigger.compile(model))
        for model in models
        for trigger in model._meta.triggers
    ]


class DeferredSQL(migrations.RunSQL):
    """SQL for the end of its migration, where Django adds foreign keys and some of the unique constraints."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        schema_editor.deferred_sql.append(self.sql)


def composite_foreign_key(
    child: str,
    column: str,
    parent: str,
    *,
    name: str,
    on_delete: str = "",
    shared: Sequence[str] = (),
    is_deferrable: bool = False,
) -> migrations.RunSQL:
    """Add a foreign key from (user_id, column) of `child` to (user_id, id) of `parent`, so that both have the same owner.

    Without it a user's row could refer to another user's row, because foreign keys ignore row policies. The check is immediate,
    because an error at the commit can no longer be handled. `on_delete` is "CASCADE" or "SET NULL (column)". The columns
    `shared` of the row and its parent are equal, too; the parent has a unique constraint on (user_id, id) and them. A key to
    the same table `is_deferrable`, for an import that writes a row before its parent.
    """
    here, there = ", ".join(["user_id", column, *shared]), ", ".join(["user_id", "id", *shared])
    add = f"ALTER TABLE {child} ADD CONSTRAINT {name} FOREIGN KEY ({here}) REFERENCES {parent} ({there})"
    add += f" ON DELETE {on_delete}" if on_delete else ""
    add += " DEFERRABLE" if is_deferrable else ""
    return DeferredSQL(add, f"ALTER TABLE {child} DROP CONSTRAINT {name}")


def named_foreign_key(
    child: str, column: str, parent: str, parent_column: str, *, name: str, actions: str = ""
) -> migrations.RunSQL:
    """Add a foreign key from (user_id, column) to a name, (user_id, parent_column), see `core.models.references`.

    `actions` are for changes of the parent, such as "ON UPDATE CASCADE".
    """
    add = f"ALTER TABLE {child} ADD CONSTRAINT {name} FOREIGN KEY (user_id, {column})"
    add += f" REFERENCES {parent} (user_id, {parent_column}) {actions}"
    return DeferredSQL(add.rstrip(), f"ALTER TABLE {child} DROP CONSTRAINT {name}")


def enable_row_level_security(
    table: str, *, owner: str = "user_id", customer: str = ALL, staff: str = ALL, accounts: str = ""
) -> migrations.RunSQL:
    """Enable row-level security on a table whose column `owner` is the user.

    Customers can access their own rows; staff, and sign-up and login (`accounts`), all rows. Each role gets the named
    privileges, and a role without privileges gets no policy. See `core.rls.roles`.
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
    """Grant privileges on tables without an owner. `serving` is for statements that run without a role."""
    given = [(ROLES["customer"], customer), (ROLES["staff"], staff), (ROLES["accounts"], accounts), (SERVING, serving)]
    up: list[Any] = [f"GRANT {privileges} ON {', '.join(tables)} TO {role}" for role, privileges in given if privileges]
    down: list[Any] = [f"REVOKE ALL ON {', '.join(tables)} FROM {role}" for role, privileges in given if privileges]
    return migrations.RunSQL(up, down)


def audit(table: str, *, owner: str = "user_id", secrets: Sequence[str] = ()) -> migrations.RunSQL:
    """Record the changes of another package's table in the audit log. For the arguments see `audit_function_call`."""
    call = audit_function_call(owner=owner, secrets=secrets)
    up: list[Any] = [
        f"CREATE TRIGGER audit_{statement.lower()} AFTER {statement} ON {table} {tables or ''} FOR EACH STATEMENT "
        f"EXECUTE FUNCTION {call}"
        for statement, tables in TRANSITION_TABLES.items()
    ]
    return migrations.RunSQL(up, [f"DROP TRIGGER audit_{statement.lower()} ON {table}" for statement in TRANSITION_TABLES])
