"""Triggers that write changes of rows to the audit log, `system.AuditEvent`.

`AUDIT` is in the `Meta.triggers` of the base model, so that every model is audited. Tables of other packages are audited by a
migration (`core.postgres.operations.audit`). Both call one function of the database, on which only the owner of the tables
has the EXECUTE privilege, so that no other role can create a trigger with it.
"""

import json
from collections.abc import Iterable
from typing import Any

import pgtrigger
from django.apps import apps
from pgtrigger import compiler

MASK = "<secret>"  # recorded in place of a value
BOOKKEEPING = ("updated_at",)  # a change of these columns alone is not recorded


class AuditTriggerSql(compiler.UpsertTriggerSql):
    """The SQL of a trigger that calls the audit function directly.

    SECURITY: the function body that pgtrigger generates skips the call if the setting `pgtrigger.ignore` says so, and any role
    may set it.
    """

    def get_template(self) -> str:
        return """
            DROP TRIGGER IF EXISTS {pgid} ON {table};
            CREATE TRIGGER {pgid} AFTER {operation} ON {table} {referencing} FOR EACH STATEMENT EXECUTE FUNCTION {execute};
            COMMENT ON TRIGGER {pgid} ON {table} IS '{hash}';
        """


class AuditTrigger(pgtrigger.Trigger):
    """A trigger that records the rows that one kind of statement changes, or a TRUNCATE."""

    when = pgtrigger.After
    level = pgtrigger.Statement
    func = "-"

    def compile(self, model: Any) -> compiler.Trigger:
        # the model of a migration has no `owner_path`, `secret_fields` and `redacted_fields`
        declared = apps.get_model(model._meta.label)
        sql = AuditTriggerSql(
            pgid=self.get_pgid(model),
            func="-",
            table=model._meta.db_table,
            when=self.when,
            operation=self.operation,
            referencing=self.referencing or "",
            execute=audit_function_call(**audit_options_of(declared)),
        )
        return compiler.Trigger(name=self.name, sql=sql)


def audit_options_of(model: Any) -> dict[str, Any]:
    """Return the arguments of `audit_function_call` for a model: its owner column, secret columns and ignored columns."""
    path = getattr(model, "owner_path", "")
    owner = model._meta.pk if path == "pk" else path and model._meta.get_field(path)
    secrets = (*model.secret_fields, *model.redacted_fields)
    columns = {name: model._meta.get_field(name).column for name in (*secrets, *model.unaudited_fields)}
    return {
        "owner": owner.column if owner else "",
        "secrets": [columns[name] for name in secrets],
        "ignored": [*BOOKKEEPING, *(columns[name] for name in model.unaudited_fields)],
    }


def audit_function_call(*, owner: str, secrets: Iterable[str] = (), ignored: Iterable[str] = BOOKKEEPING) -> str:
    """Return the SQL that calls the audit function. `owner` is the column of the row's owner, "" for a table without owners.

    The values of the columns `secrets` are not recorded, only that they changed. A change of `ignored` columns alone is not
    recorded.
    """
    masked = json.dumps(dict.fromkeys(secrets, MASK))
    return f"public.system_record_changes('{owner}', '{masked}', '{{{','.join(ignored)}}}')"


TRANSITION_TABLES = {
    "INSERT": pgtrigger.Referencing(new="changed_rows"),
    "UPDATE": pgtrigger.Referencing(old="old_rows", new="new_rows"),
    "DELETE": pgtrigger.Referencing(old="changed_rows"),
    "TRUNCATE": None,
}
"""The statements that are recorded, with the transition tables that contain their rows."""

AUDIT = [
    AuditTrigger(name=f"audit_{statement.lower()}", operation=pgtrigger.Operation(statement), referencing=tables)
    for statement, tables in TRANSITION_TABLES.items()
]
"""The triggers that write the audit log."""
