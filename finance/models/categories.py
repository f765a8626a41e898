"""Categories of transactions, and of due dates."""

from collections.abc import Iterator
from typing import Any

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from core.models.base import same_owner_foreign_key
from core.models.constraints import rule
from core.models.fields import ChoiceField, NonBlankCharField
from core.privacy.declarations import own
from core.privacy.masks import personal
from finance.models.named import CurrentNameField, NamedModel, refuse_chains

TABLE = "finance_category"
MAX_CATEGORY_LENGTH = 100
MERGED_PARENT = "It was merged into another category. Use that one."
OWN_CHILD = "A category can't be below itself. Choose another parent, or null."

# Locks the owner's tree, because two changes at a time could close a circle that neither of them sees.
CHECK_PARENT = """
PERFORM pg_advisory_xact_lock(hashtextextended(NEW.user_id::text, hashtext('finance_category')));
IF EXISTS (
    WITH RECURSIVE above AS (
        SELECT id, parent_id FROM finance_category WHERE user_id = NEW.user_id AND id = NEW.parent_id
        UNION
        SELECT next.id, next.parent_id FROM finance_category AS next JOIN above ON next.id = above.parent_id
         WHERE next.user_id = NEW.user_id
    )
    SELECT FROM above WHERE NEW.id IN (id, parent_id)
) THEN
    RAISE check_violation USING CONSTRAINT = 'finance_category_parent_not_below', TABLE = TG_TABLE_NAME,
        MESSAGE = 'A category is below itself.';
END IF;
SELECT merged_into_id INTO merged FROM finance_category
 WHERE user_id = NEW.user_id AND id = NEW.parent_id FOR KEY SHARE; -- waits for a merge, which the foreign key would not notice
IF merged IS NOT NULL THEN
    RAISE foreign_key_violation USING CONSTRAINT = 'finance_category_parent_current', TABLE = TG_TABLE_NAME,
        MESSAGE = 'The parent of a category was merged.';
END IF;
RETURN NEW;
"""


class CategoryKind(models.TextChoices):
    INCOME = "income"
    EXPENSE = "expense"
    TRANSFER = "transfer"


class Category(NamedModel):
    """A category of transactions, which refer to it by its slug. A rename keeps the slug, so that no transaction changes."""

    name = NonBlankCharField(
        max_length=MAX_CATEGORY_LENGTH, help_text="For the user. Unique without regard to case and accents."
    )
    slug = models.CharField(
        max_length=MAX_CATEGORY_LENGTH,
        editable=False,
        help_text="The value of `category` in transactions and due dates. It never changes.",
    )
    kind = ChoiceField(
        CategoryKind,
        max_length=20,
        default=CategoryKind.EXPENSE,
        help_text="What its transactions are, on the whole. Default: expense.",
    )
    parent = same_owner_foreign_key(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="children",
        help_text="The category that this one belongs to. Filters by the parent include it. Null: none.",
    )
    color = models.CharField(max_length=7, blank=True, help_text="Such as #2e7d32. Empty: the client's choice.")
    icon = models.CharField(max_length=50, blank=True, help_text="Name of an icon of the client, such as shopping-cart.")
    is_archived = models.BooleanField(default=False, help_text="Hidden from choices. Its transactions keep it.")

    current_slug = CurrentNameField("slug", MAX_CATEGORY_LENGTH)

    unaudited_fields = (*NamedModel.unaudited_fields, "current_slug")  # a merge is recorded
    privacy = own("how the customer groups income and spending", is_replaced=True)
    personal_fields = personal("name", "slug")

    class Meta(NamedModel.Meta):
        verbose_name_plural = "categories"
        triggers = [
            *NamedModel.Meta.triggers,
            refuse_chains(TABLE),
            pgtrigger.Trigger(
                name="check_parent",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("parent_id"),
                condition=pgtrigger.Condition("NEW.parent_id IS NOT NULL"),
                declare=[("merged", "uuid")],
                func=CHECK_PARENT,
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["user", "id"], name=f"{TABLE}_owner"),
            models.UniqueConstraint(fields=["user", "slug"], name=f"{TABLE}_slug_unique"),
            models.UniqueConstraint(fields=["user", "current_slug"], name=f"{TABLE}_current_slug_owner"),  # for foreign keys
            models.UniqueConstraint(
                fields=["user", "folded"],
                name=f"{TABLE}_name_unique",
                violation_error_message="You already have a category with this name. Merge the two, or choose another name.",
            ),
            rule(f"{TABLE}_slug_form", Q(slug__regex=r"^[^\s,]+$"), "Must not contain spaces and commas."),
            rule(f"{TABLE}_color_form", Q(color__regex=r"^(#[0-9a-f]{6})?$"), "Use # and six digits from 0 to 9 and a to f."),
            rule(f"{TABLE}_icon_form", Q(icon__regex=r"^[a-z0-9-]*$"), "Use lower-case letters, digits and hyphens."),
            rule(f"{TABLE}_parent_not_below", ~Q(parent=models.F("id")), OWN_CHILD),
        ]

    def clean(self) -> None:
        """Raise ValidationError if the parent was merged, or is this category or one below it."""
        super().clean()
        for place, above in enumerate(self.above()):
            if above.pk == self.pk:
                raise ValidationError({"parent": ValidationError(OWN_CHILD, "circle")})
            if place == 0 and above.merged_into_id is not None:
                raise ValidationError({"parent": ValidationError(MERGED_PARENT, "merged")})

    def above(self) -> Iterator["Category"]:
        """Yield the parent, and those above it. An import writes rows before their parents, which the database checks."""
        row, seen = self, set[Any]()
        while row.parent_id is not None and row.parent_id not in seen:
            seen.add(row.parent_id)
            try:
                row = row.parent
            except Category.DoesNotExist:
                return
            yield row
