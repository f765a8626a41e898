"""What the audit log records, declared where a model or a table is: the log itself is `system.AuditEvent`.

`AUDIT` stands in the `Meta.triggers` of the base model, so that the next model is audited the day it exists; tables of other
packages are named in a migration (`core.postgres.operations.audit`). Both call one function of the database, which no role but
the tables' owner may call: not even through a table of one's own.
"""

from collections.abc import Iterable
from typing import Any

import pgtrigger
from django.apps import apps
from pgtrigger import compiler

ROW_CHANGES = "INSERT OR UPDATE OR DELETE"
BOOKKEEPING = ("updated_at",)  # a row in which nothing else has changed has not been changed


class AuditTriggerSql(compiler.UpsertTriggerSql):
    """Calls the log's function itself.

    SECURITY: the body that pgtrigger generates asks the setting `pgtrigger.ignore` first, which any role may set.
    """

    def get_template(self) -> str:
        return """
            DROP TRIGGER IF EXISTS {pgid} ON {table};
            CREATE TRIGGER {pgid} AFTER {operation} ON {table} FOR EACH {level} EXECUTE FUNCTION {execute};
            COMMENT ON TRIGGER {pgid} ON {table} IS '{hash}';
        """


class AuditTrigger(pgtrigger.Trigger):
    """Records the changes of a model's rows, or that its table was emptied."""

    when = pgtrigger.After
    func = "-"

    def compile(self, model: Any) -> compiler.Trigger:
        # a migration's model has no attributes of ours, so the real one is asked
        declared = apps.get_model(model._meta.label)
        sql = AuditTriggerSql(
            pgid=self.get_pgid(model),
            func="-",
            table=model._meta.db_table,
            when=self.when,
            operation=self.operation,
            level=self.level,
            execute=audit_function_call(**audit_options_of(declared)),
        )
        return compiler.Trigger(name=self.name, sql=sql)


def audit_options_of(model: Any) -> dict[str, Any]:
    """Return the arguments of `audit_function_call` for a model: its owner column, secret columns and ignored columns."""
    path = getattr(model, "owner_path", "")
    owner = model._meta.pk if path == "pk" else path and model._meta.get_field(path)
    columns = {name: model._meta.get_field(name).column for name in (*model.secret_fields, *model.unaudited_fields)}
    return {
        "owner": owner.column if owner else "",
        "secrets": [columns[name] for name in model.secret_fields],
        "ignored": [*BOOKKEEPING, *(columns[name] for name in model.unaudited_fields)],
    }


def audit_function_call(*, owner: str, secrets: Iterable[str] = (), ignored: Iterable[str] = BOOKKEEPING) -> str:
    """The call of the log's function for a table: `owner` names the column that says whose a row is ("" for nobody's).

    Of the columns `secrets` only that they changed is recorded, and what is `ignored` makes no event.
    """
    return f"public.system_record_change('{owner}', '{{{','.join(secrets)}}}', '{{{','.join(ignored)}}}')"


AUDIT = [
    AuditTrigger(name="audit", operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete),
    AuditTrigger(name="audit_truncate", operation=pgtrigger.Truncate, level=pgtrigger.Statement),
]
