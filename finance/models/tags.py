"""Tags of transactions."""

import pgtrigger
from django.db import models

from core.models.fields import NonBlankCharField
from core.privacy.declarations import own
from core.privacy.masks import personal
from finance.models.named import NamedModel, refuse_chains

TABLE = "finance_tag"
MAX_TAG_LENGTH = 50

FOLLOW = """
UPDATE finance_financialtransaction SET tags = {tags} WHERE user_id = OLD.user_id AND OLD.name = ANY (tags);
UPDATE finance_transactionsplit SET tags = {tags} WHERE user_id = OLD.user_id AND OLD.name = ANY (tags);"""


class Tag(NamedModel):
    """A label of transactions, such as a trip. Renaming or deleting it changes the transactions that have it."""

    name = NonBlankCharField(max_length=MAX_TAG_LENGTH, help_text="For the user. Unique without regard to case and accents.")

    privacy = own("labels of the customer's transactions")
    personal_fields = personal("name")

    class Meta(NamedModel.Meta):
        triggers = [
            *NamedModel.Meta.triggers,
            refuse_chains(TABLE),
            pgtrigger.Trigger(
                name="rename_in_rows",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("name"),
                condition=pgtrigger.Condition("OLD.name <> NEW.name"),
                func=FOLLOW.format(tags="array_replace(tags, OLD.name, NEW.name)")
                + " PERFORM finance_rename_in_rules(OLD.user_id, OLD.name, NEW.name); RETURN NULL;",
            ),
            pgtrigger.Trigger(
                name="remove_from_rows",
                when=pgtrigger.Before,
                operation=pgtrigger.Delete,
                func=FOLLOW.format(tags="array_remove(tags, OLD.name)") + " RETURN OLD;",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["user", "id"], name=f"{TABLE}_owner"),
            models.UniqueConstraint(
                fields=["user", "folded"], name=f"{TABLE}_name_unique", violation_error_message="You already have this tag."
            ),
        ]
