"""The base of categories, tags and payees: rows that transactions refer to by name."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import Case, F, Func, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Lower, NullIf

from core.changes.triggers import LogRelated, Related
from core.models.base import OwnedModel, OwnedQuerySet, same_owner_foreign_key


def folded(text: Combinable) -> Coalesce:
    """Return `text` without case, accents and punctuation; a text of nothing but punctuation or emoji without case."""
    fold = Func(text, function="core_fold", output_field=models.TextField())
    return Coalesce(NullIf(fold, Value("")), Lower(text, output_field=models.TextField()), output_field=models.TextField())


class FoldedNameField(models.GeneratedField):
    """The folded `name`, by which a row is looked up and which is unique. It is read in queries only."""

    db_returning: Any = False  # else the ORM would insert each row with RETURNING, instead of core.fast_lists.compiled_writes

    def __init__(self, **options: Any) -> None:
        super().__init__(expression=folded(F("name")), output_field=models.TextField(), db_persist=True)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, _, _, _ = super().deconstruct()
        return name, "finance.models.named.FoldedNameField", [], {}


class CurrentNameField(models.GeneratedField):
    """The column `name` of a row that was not merged, else NULL. Foreign keys of transactions refer to it.

    By a foreign key to the name itself, a request that has looked the name up could refer to a row that is merged meanwhile.
    """

    db_returning: Any = False  # as above

    def __init__(self, name: str, max_length: int, **options: Any) -> None:
        self.name_of, self.length = name, max_length
        current = Case(When(merged_into__isnull=True, then=F(name)))
        super().__init__(expression=current, output_field=models.CharField(max_length=max_length, null=True), db_persist=True)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, _, _, _ = super().deconstruct()
        return name, "finance.models.named.CurrentNameField", [self.name_of, self.length], {}


class NamedQuerySet(OwnedQuerySet):
    def current(self) -> "NamedQuerySet":
        """Return the rows that were not merged into another one."""
        return self.filter(merged_into__isnull=True)


def refuse_chains(table: str) -> pgtrigger.Trigger:
    """Return the trigger that lets a merged row of `table` lead to a current one, which a look-up finds in one step."""
    return pgtrigger.Trigger(
        name="refuse_chains",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("merged_into_id"),
        condition=pgtrigger.Condition("NEW.merged_into_id IS NOT NULL"),
        func=f"""
        IF NEW.id = NEW.merged_into_id OR EXISTS (
            SELECT FROM {table} AS other
             WHERE user_id = NEW.user_id AND (other.merged_into_id = NEW.id
                   OR other.id = NEW.merged_into_id AND other.merged_into_id IS NOT NULL))
        THEN
            RAISE foreign_key_violation USING CONSTRAINT = '{table}_merged_into_current', TABLE = TG_TABLE_NAME,
                MESSAGE = 'A row was merged into one that was merged itself.';
        END IF;
        RETURN NEW;""",
    )


RULES = Related("finance_rule")  # which store ids of names, and show the present names
log_rules = (
    LogRelated("UPDATE", RULES, columns=("name", "merged_into_id")),
    # For each row: the trigger of the statement would run as the owner of the tables, by the foreign key of merged rows.
    pgtrigger.Trigger(
        name="log_related_delete",
        when=pgtrigger.Before,
        operation=pgtrigger.Delete,
        func="PERFORM core_log_related('finance_rule', OLD.user_id, ARRAY("
        "SELECT id FROM finance_rule WHERE user_id = OLD.user_id)); RETURN OLD;",
    ),
)


class NamedModel(OwnedModel):
    """A row with a name that is unique for its owner, without regard to case and accents.

    A row that was merged into another one remains, hidden, so that its name leads to the other one when a bank or a client
    writes it again.
    """

    merged_into = same_owner_foreign_key(
        "self",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        editable=False,
        related_name="aliases",
        help_text="The row that this one was merged into. Null: it was not merged.",
    )
    folded = FoldedNameField()

    unaudited_fields: ClassVar[tuple[str, ...]] = ("folded",)  # a change of the name is recorded

    class Meta(OwnedModel.Meta):
        abstract = True
        triggers = [*OwnedModel.Meta.triggers, *log_rules]

    objects = NamedQuerySet.as_manager()  # type: ignore[misc]  # narrower than its base's

    def __str__(self) -> str:
        return str(getattr(self, "name", ""))
