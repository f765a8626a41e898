"""Triggers that log rows with values that are computed from rows of other tables, when those are changed."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import pgtrigger

from core.audit.triggers import TRANSITION_TABLES


class Related(NamedTuple):
    """Rows of `table` with a value that is computed from a `changed` row of the same owner.

    They are those whose keys are in the column `key` of the changed row, or else those that meet a condition, as `other`.
    """

    table: str
    condition: str = "true"
    key: str = ""

    @property
    def sql(self) -> str:
        """Return the query for the keys of each owner's rows."""
        select = f"SELECT '{self.table}' AS table_name, changed.user_id, array_agg(DISTINCT {{}}) AS keys FROM changed"  # noqa: S608 - our names
        if self.key:
            return f"{select.format(self.key)} WHERE {self.key} IS NOT NULL GROUP BY changed.user_id"
        others = f"JOIN {self.table} AS other ON other.user_id = changed.user_id AND {self.condition}"
        return f"{select.format('other.id')} {others} GROUP BY changed.user_id"


class LogRelated(pgtrigger.Trigger):
    """The trigger that logs the rows of `related` for a statement that inserts, updates or deletes rows.

    An update counts only if it changes one of `columns`. The FULL JOIN is never a nested loop, as in `system_record_changes`.
    The role of the statement reads the rows that meet a condition. For the statement of a foreign key it is the owner of the
    tables, who sees none, because row-level security is forced; a key in a column is logged also then.
    """

    level = pgtrigger.Statement
    when = pgtrigger.After

    def __init__(self, statement: str, *related: Related, columns: Sequence[str] = ()) -> None:
        self.related, self.columns = related, columns
        super().__init__(
            name=f"log_related_{statement.lower()}",
            operation=pgtrigger.Operation(statement),
            referencing=TRANSITION_TABLES[statement],
        )

    def get_func(self, model: Any) -> str:
        found = " UNION ALL ".join(each.sql for each in self.related)
        return f"""
        PERFORM core_log_related(table_name, user_id, keys)
           FROM (WITH changed AS ({self._changed()}) {found}) AS found;
        RETURN NULL;"""

    def _changed(self) -> str:
        if not self.columns:
            return "SELECT * FROM changed_rows"
        names = ("id", "user_id", *self.columns)
        former, present = (", ".join(f"{side}.{name}" for name in names) for side in ("former", "present"))
        return f"""
            SELECT changed.* FROM old_rows AS former FULL JOIN new_rows AS present USING (id),
                   LATERAL (VALUES ({former}), ({present})) AS changed ({", ".join(names)})
             WHERE ({former}) IS DISTINCT FROM ({present})"""  # noqa: S608 - names of our columns


def log_related(*related: Related, columns: Sequence[str], on_update: Sequence[Related] = ()) -> tuple[LogRelated, ...]:
    """Return the triggers for all three statements. The rows `on_update` need no row that was inserted or deleted."""
    return (
        LogRelated("INSERT", *related),
        LogRelated("UPDATE", *related, *on_update, columns=columns),
        LogRelated("DELETE", *related),
    )
