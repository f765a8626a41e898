"""Rules: what is done with the transactions that a search finds, after each import and on demand."""

import pgtrigger
from django.db import models
from django.db.models import BooleanField, Func, Q
from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual

from core.models.base import OwnedModel, gin
from core.models.constraints import rule
from core.models.fields import BoundedIntegerField, JSONListField, NonBlankCharField
from core.privacy.declarations import own
from core.privacy.masks import personal
from finance.rule_actions import ActionType, check_actions

TABLE = "finance_rule"
MAX_OF_USER = 100
MAX_ACTIONS = 20
MAX_ORDER = 10_000
MAX_SEARCH_LENGTH = 1_000
LOCK = "rules"  # with the user's id, held while a rule is added
TOO_MANY = f"You have {MAX_OF_USER} rules. Delete one first."


# The form of an action by its type. The values of names are the ids of their rows, so that a rename or a merge is followed.
ID = 'like_regex "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"'
ID_VALUE = f"@.value {ID}"
NUMBER = 'like_regex "^[0-9]{1,13}([.][0-9]{1,4})?$"'
PARTS = " && ".join(
    [
        '@.value.type() == "array" && @.value.size() >= 2 && @.value.size() <= 50',
        f'!exists(@.value[*].category ? (@ != null && (@.type() != "string" || !(@ {ID}))))',
        f'!exists(@.value[*].tags[*] ? (@.type() != "string" || !(@ {ID})))',
        f'!exists(@.value[*].percent ? (@ != null && (@.type() != "string" || !(@ {NUMBER}))))',
        f'!exists(@.value[*].amount ? (@ != null && (@.type() != "string" || !(@ {NUMBER}))))',
        '!exists(@.value[*].note ? (@.type() != "string"))',
    ]
)
VALUES = {
    ActionType.SET_CATEGORY: ID_VALUE,
    ActionType.SET_PAYEE: ID_VALUE,
    ActionType.ADD_TAG: ID_VALUE,
    ActionType.REMOVE_TAG: ID_VALUE,
    ActionType.SET_NOTE: '@.value.type() == "string" && @.value != ""',
    ActionType.SPLIT: PARTS,
    ActionType.MARK_TRANSFER: "@.value == null",
}
KNOWN = " || ".join(f'@.type == "{kind}" && {condition}' for kind, condition in VALUES.items())
INVALID = f"""'strict $[*] ? (@.type() != "object" || !({KNOWN}) || ({KNOWN}) is unknown)'"""
UNKNOWN_ACTION = "Each action needs a known type, and a value of that type."


class HasInvalidAction(Func):
    """The condition that an element of a JSON list is no action. `true` ignores the error of another JSON."""

    template = f"jsonb_path_exists(%(expressions)s, {INVALID}, '{{}}', true)"
    output_field = BooleanField()


class NumberOfActions(Func):
    """The length of a JSON list; NULL of another JSON, which has a rule of its own."""

    template = "CASE WHEN jsonb_typeof(%(expressions)s) = 'array' THEN jsonb_array_length(%(expressions)s) END"
    output_field = models.IntegerField()


ACTIONS_LENGTH = NumberOfActions("actions")

refuse_too_many = pgtrigger.Trigger(
    name="refuse_too_many",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func=f"""
        PERFORM pg_advisory_xact_lock(hashtextextended('{LOCK} ' || NEW.user_id, 0));
        IF {MAX_OF_USER} <= (SELECT count(*) FROM {TABLE} WHERE user_id = NEW.user_id AND id <> NEW.id) THEN
            RAISE check_violation USING CONSTRAINT = '{TABLE}_name_number', TABLE = TG_TABLE_NAME,
                MESSAGE = 'The user has too many rules.';
        END IF;
        RETURN NEW;""",  # noqa: S608 - a number and names of ours
)
# The application counts itself, so that its response is right. Every other writer is counted here.
count_versions = pgtrigger.Trigger(
    name="count_versions",
    when=pgtrigger.Before,
    operation=pgtrigger.UpdateOf("search", "actions"),
    condition=pgtrigger.Condition(
        "OLD.version = NEW.version AND (OLD.search <> NEW.search OR OLD.actions IS DISTINCT FROM NEW.actions)"
    ),
    func="NEW.version = OLD.version + 1; RETURN NEW;",
)


class Rule(OwnedModel):
    """A search, and what is done with the transactions that it finds.

    `actions` hold the ids of categories, payees and tags, which `finance_shown_actions` replaces by their present names. In
    `search`, a category is named by its slug, which never changes, and a tag as `tag:"name"`, which a trigger of tags renames.
    """

    name = NonBlankCharField(max_length=100, help_text="For the user, such as Groceries.")
    search = NonBlankCharField(
        max_length=MAX_SEARCH_LENGTH, help_text="The transactions that it changes, as in the list's `search`."
    )
    actions = JSONListField(help_text="What it does, each with a type and a value.")
    order = BoundedIntegerField(
        min=0, max=MAX_ORDER, default=0, help_text="Rules run in this order, those with the same number by age. Default: 0."
    )
    stop = models.BooleanField(
        default=False, help_text="True: the rules after it skip the transactions that it finds. Default: false."
    )
    is_active = models.BooleanField(default=True, help_text="False: it runs only if it is applied by itself. Default: true.")
    version = BoundedIntegerField(
        min=1, default=1, editable=False, help_text="From 1 on. Each change of search or actions makes a new one."
    )

    privacy = own("what the customer wants to be done with transactions")
    personal_fields = personal("name", "search", "actions")
    trigger_rules = {f"{TABLE}_name_number": TOO_MANY}

    class Meta(OwnedModel.Meta):
        triggers = [*OwnedModel.Meta.triggers, refuse_too_many, count_versions]
        constraints = [
            models.UniqueConstraint(fields=["user", "id"], name=f"{TABLE}_owner"),
            rule(f"{TABLE}_actions_form", ~Q(HasInvalidAction("actions")), UNKNOWN_ACTION),
            rule(
                f"{TABLE}_actions_number",
                Q(GreaterThanOrEqual(ACTIONS_LENGTH, 1)) & Q(LessThanOrEqual(ACTIONS_LENGTH, MAX_ACTIONS)),
                f"A rule has from 1 to {MAX_ACTIONS} actions.",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "order", "id"], name="finance_rule_in_order"),
            gin("finance_rule", "actions"),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def has_values_of_other_rows(cls) -> bool:
        """Return True: the names in the actions change without a change of the row."""
        return True

    def clean(self) -> None:
        """Raise ValidationError if two actions contradict each other, or the parts of a split do not make a whole."""
        super().clean()
        check_actions(self.actions)

    @property
    def shown_actions(self) -> list[dict[str, object]]:
        """The actions with names in place of ids. Null is what was deleted, and an action without its value does nothing."""
        found = type(self)._base_manager.filter(pk=self.pk)
        stored: list[dict[str, object]] = found.values_list(ShownActions(), flat=True).get()
        return stored


class ShownActions(Func):
    """The actions of a rule with names in place of ids, see `finance/migrations/sql/rules.sql`."""

    function = "finance_shown_actions"
    output_field = models.JSONField()

    def __init__(self) -> None:
        super().__init__("user_id", "actions")
