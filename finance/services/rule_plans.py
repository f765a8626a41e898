"""The SQL of what a rule does with transactions: one plan, from which a preview reads and by which a run writes.

For each field that a rule may change, the plan has a state of each row: `change`, `same`, or the reason for which the field is
left as it is. A value that a person has chosen is never changed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from finance.models.divided import DividedBy, TransactionType
from finance.models.transactions import MAX_TAGS
from finance.rule_actions import ActionType
from finance.sources import CHOSEN, TRANSFER

CHANGE, SAME = "change", "same"
REASONS = {
    "chosen_by_user": "the user has chosen the value, or has accepted a suggestion",
    "is_split": "the transaction has splits",
    "is_refund": "it refunds expenses",
    "is_refunded": "other transactions refund it",
    "is_transfer": "a transfer has no splits",
    "not_divisible": "a part would be 0, or the fixed amounts are more than the whole or have too many decimals",
    "too_many_tags": f"it would have more than {MAX_TAGS} tags",
    "missing": "what the action names was deleted",
}
SORTED_REASONS = sorted(REASONS)
IS_SPLIT = f"present.divided_by = '{DividedBy.SPLITS}'"
IS_REFUND = f"present.divided_by = '{DividedBy.REFUND}'"
IS_REFUNDED = "EXISTS (SELECT FROM finance_refundshare WHERE user_id = present.user_id AND expense_id = present.id)"
SINGLE = {ActionType.SET_CATEGORY: "category", ActionType.SET_PAYEE: "payee", ActionType.SET_NOTE: "note"}
ROW = ("category", "payee", "tags", "note", "divided_by", "transaction_type", "sources", "user_id", "amount", "currency")
"""The columns of `found`, beside `id`."""


@dataclass(frozen=True)
class Change:
    """A field, the SQL of its new value, and the condition that it differs.

    `obstacles` have the conditions under which it is left, by their reason. `shown` is the SQL of the value before, if that is
    not the column. `also` are further columns that the change sets. A change without a `source` follows another one.
    """

    field: str
    value: str
    differs: str
    obstacles: dict[str, str]
    source: str = ""
    shown: str = ""
    also: tuple[tuple[str, str], ...] = ()
    has_column: bool = True

    @property
    def state(self) -> str:
        """The name of the plan's column with the state of this field."""
        return f"{self.field}_state"

    def state_sql(self) -> str:
        cases = "".join(f" WHEN {condition} THEN '{reason}'" for reason, condition in self.obstacles.items())
        return f"CASE WHEN NOT ({self.differs}) THEN '{SAME}'{cases} ELSE '{CHANGE}' END AS {self.state}"


class Plan:
    """The SQL for the actions of a rule, which have names in place of ids, and its parameters. Its rows are in `found`."""

    def __init__(self, actions: Sequence[dict[str, Any]], *, rule: str, source: dict[str, Any]) -> None:
        self.parameters: dict[str, Any] = {"source": orjson.dumps(source).decode(), "rule": rule, "chosen": list(CHOSEN)}
        self.values = {action["type"]: action["value"] for action in actions}
        self.tags = {kind: [action["value"] for action in actions if action["type"] == kind] for kind in self.values}
        self.changes = list(self._changes())
        self.is_split = ActionType.SPLIT in self.values

    def ctes(self) -> str:
        """Return the SQL of the list `plan`, which has a row for each one of `found`."""
        computed = "".join(f", {value} AS new_{name}" for name, value in self._computed().items())
        states = ", ".join(change.state_sql() for change in self.changes)
        return f"""computed AS MATERIALIZED (SELECT present.*{computed} FROM found AS present),
            plan AS MATERIALIZED (SELECT present.*, {states} FROM computed AS present)"""  # noqa: S608 - put together from constants

    def is_changed(self) -> str:
        return f"'{CHANGE}' IN ({', '.join(change.state for change in self.changes)})"

    def is_touched(self) -> str:
        """Return the condition that a row of the plan has a change, or a field that is left with a reason."""
        return " OR ".join(f"{change.state} <> '{SAME}'" for change in self.changes)

    def fields(self) -> str:
        """Return the SQL of a row for each field: its place, name, state, and values before and after as JSON."""
        lines = (
            f"({place}, '{change.field}', {change.state}, {change.shown or _as_json(change.field, f'plan.{change.field}')},"
            f" {_as_json(change.field, of_plan(change.value))})"
            for place, change in enumerate(self.changes)
        )
        return f"LATERAL (VALUES {', '.join(lines)}) AS each (place, field, state, before, after)"

    def assignments(self) -> str:
        """Return the SQL that sets the columns of the row `entry` and their sources to what the plan says."""
        columns = [
            f"{column} = CASE WHEN {change.state} = '{CHANGE}' THEN {of_plan(value)} ELSE entry.{column} END"
            for change in self.changes
            for column, value in (*([(change.field, change.value)] if change.has_column else []), *change.also)
        ]
        sources = "".join(
            f" || CASE WHEN {change.state} = '{CHANGE}' THEN jsonb_build_object('{change.source}', %(source)s::jsonb)"
            " ELSE '{}' END"
            for change in self.changes
            if change.source
        )
        return ", ".join([*columns, f"sources = entry.sources{sources}"])

    def _computed(self) -> dict[str, str]:
        """Return the SQL of the values that are computed once for each row."""
        found = {}
        if ActionType.ADD_TAG in self.values or ActionType.REMOVE_TAG in self.values:
            found["tags"] = "finance_changed_tags(present.tags, %(removed)s::text[], %(added)s::text[])"
        if ActionType.SPLIT in self.values:
            found["splits"] = "finance_divided(present.amount, present.currency, %(parts)s::jsonb)"
        return found

    def _changes(self) -> Iterator[Change]:
        for kind, field in SINGLE.items():
            if kind in self.values:
                yield self._single(field, self.values[kind])
        if ActionType.ADD_TAG in self.values or ActionType.REMOVE_TAG in self.values:
            yield self._tags()
        if ActionType.SPLIT in self.values:
            yield from self._split()
        if ActionType.MARK_TRANSFER in self.values:
            value = f"'{TransactionType.TRANSFER}'"
            obstacles = {**_chosen(TRANSFER), "is_split": IS_SPLIT, "is_refund": IS_REFUND, "is_refunded": IS_REFUNDED}
            yield Change("transaction_type", value, f"present.transaction_type <> {value}", obstacles, TRANSFER)

    def _single(self, field: str, value: str | None) -> Change:
        self.parameters[field] = value
        obstacles = {"missing": "true"} if value is None else {}
        obstacles |= _chosen(field) | ({"is_split": IS_SPLIT} if field == "category" else {})
        sql = f"%({field})s::text"
        return Change(field, sql, f"{sql} IS NULL OR present.{field} IS DISTINCT FROM {sql}", obstacles, field)

    def _tags(self) -> Change:
        given = {kind: self.tags.get(kind, []) for kind in (ActionType.ADD_TAG, ActionType.REMOVE_TAG)}
        added, removed = ([tag for tag in tags if tag is not None] for tags in given.values())
        self.parameters |= {"added": added, "removed": removed}
        if not added and not removed:  # all were deleted
            return Change("tags", "present.tags", "true", {"missing": "true"}, "tags")
        obstacles = {**_chosen("tags"), "too_many_tags": f"cardinality(present.new_tags) > {MAX_TAGS}"}
        return Change("tags", "present.new_tags", "present.tags::text[] <> present.new_tags", obstacles, "tags")

    def _split(self) -> Iterator[Change]:
        """Yield the change of the parts, and that of the category, which a split transaction does not have."""
        parts = self.values[ActionType.SPLIT]
        self.parameters["parts"] = orjson.dumps(parts).decode()
        obstacles = {"missing": "true"} if any(part["category"] is None for part in parts) else {}
        chosen = " OR ".join([*_chosen("splits").values(), *_chosen("category").values()])
        obstacles |= {"chosen_by_user": chosen, "is_split": IS_SPLIT, "is_refund": IS_REFUND}
        obstacles |= {
            "is_transfer": f"present.transaction_type = '{TransactionType.TRANSFER}'",
            "not_divisible": "present.new_splits IS NULL",
        }
        # the parts that this rule has made before are no second change
        differs = f"({IS_SPLIT} AND present.sources -> 'splits' ->> 'id' = %(rule)s) IS NOT TRUE"
        also = (("divided_by", f"'{DividedBy.SPLITS}'"),)
        split = Change("splits", "present.new_splits", differs, obstacles, "splits", "'[]'::jsonb", also, has_column=False)
        yield split
        # an obstacle ends a CASE, so the one condition here is that the row is split
        is_split = split.state_sql().removesuffix(f" AS {split.state}")
        yield Change("category", "NULL::text", f"present.category IS NOT NULL AND {is_split} = '{CHANGE}'", {})


def of_plan(value: str) -> str:
    """Return the SQL of a value that is computed from a row of `computed`, for the row of the plan."""
    return value.replace("present.", "plan.")


def _chosen(field: str) -> dict[str, str]:
    return {"chosen_by_user": f"present.sources -> '{field}' ->> 'kind' = ANY (%(chosen)s)"}


def _as_json(field: str, value: str) -> str:
    """Return the SQL of a value as it is shown: names are never null."""
    if field in ("tags", "splits"):
        return f"coalesce(to_jsonb({value}), 'null')"
    return f"to_jsonb(coalesce({value}, '')::text)"
