"""Serializers of categories, tags and payees, and the forms of their merging."""

from typing import Any, cast

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from core.api.derived_fields import public_names
from core.api.examples import EXAMPLE_ID, EXAMPLE_TIME
from core.api.serializers import BaseSerializer, OwnedKeyField, StrictSerializer
from core.models.base import BaseModel
from finance.models import Category, Payee, Tag
from finance.models.named import NamedModel
from finance.services.categories import make_way_for, taken_slugs
from finance.services.names import new_slug
from users.locks import lock


def shown(model: type[NamedModel]) -> list[str]:
    """Return the public field names without `merged_into`, because merged rows are hidden."""
    return [name for name in public_names(model) if name != "merged_into"]


class NamedSerializer(BaseSerializer):
    def before_insert(self, rows: list[Any]) -> None:
        self._make_way_for([row.name for row in rows])

    def update(self, instance: BaseModel, validated_data: dict[str, Any]) -> BaseModel:
        if "name" in validated_data:
            self._make_way_for([validated_data["name"]])
        return super().update(instance, validated_data)

    def _make_way_for(self, names: list[str]) -> None:
        make_way_for(names, owner=self.context["request"].user, model=cast("type[NamedModel]", self.model))


@extend_schema_serializer(
    description="A category. Transactions and due dates refer to it by its `slug`, which a rename does not change."
)
class CategorySerializer(NamedSerializer):
    class Meta:
        model = Category
        fields = shown(Category)
        example = {
            "id": EXAMPLE_ID,
            "name": "Dining out",
            "slug": "dining",
            "kind": "expense",
            "parent": EXAMPLE_ID,
            "color": "#ef6c00",
            "icon": "restaurant",
            "is_archived": False,
            "created_at": EXAMPLE_TIME,
            "updated_at": EXAMPLE_TIME,
        }

    def before_insert(self, rows: list[Any]) -> None:
        """Give new categories slugs that the owner's other categories do not have, also those of a parallel request."""
        super().before_insert(rows)
        owner = self.context["request"].user
        lock(f"slugs {owner.pk}")
        taken = taken_slugs(owner)
        for row in rows:
            row.slug = new_slug(row.name, taken)
            taken.add(row.slug)


@extend_schema_serializer(description="A label of transactions. Renaming or deleting it changes the transactions that have it.")
class TagSerializer(NamedSerializer):
    class Meta:
        model = Tag
        fields = shown(Tag)
        example = {"id": EXAMPLE_ID, "name": "trip to Rome", "created_at": EXAMPLE_TIME, "updated_at": EXAMPLE_TIME}


@extend_schema_serializer(
    description="A person or company that the user pays or is paid by, with a summary of its transactions."
)
class PayeeSerializer(BaseSerializer):
    transaction_count = serializers.IntegerField(
        read_only=True, help_text="Number of transactions, without failed and canceled ones."
    )
    last_transaction_date = serializers.DateField(
        read_only=True, allow_null=True, help_text="Day of the latest of these transactions. Null: there is none."
    )
    last_amount = serializers.CharField(
        read_only=True, allow_null=True, help_text="Signed amount of the latest of these transactions, as a decimal number."
    )
    last_currency = serializers.CharField(
        read_only=True, allow_null=True, help_text="ISO 4217 code of the latest of these transactions."
    )
    usual_category = serializers.CharField(
        read_only=True, help_text="The slug of the category that most of these transactions have. Empty: none."
    )

    class Meta:
        model = Payee
        annotated = ("transaction_count", "last_transaction_date", "last_amount", "last_currency", "usual_category")
        fields = [*shown(Payee), *annotated]
        example = {
            "id": EXAMPLE_ID,
            "name": "McDonald's",
            "transaction_count": 14,
            "last_transaction_date": "2026-01-31",
            "last_amount": "-6.60",
            "last_currency": "CAD",
            "usual_category": "dining",
            "created_at": EXAMPLE_TIME,
            "updated_at": EXAMPLE_TIME,
        }


@extend_schema_serializer(description="The category that another one is merged into.")
class CategoryMergeSerializer(StrictSerializer):
    into = OwnedKeyField(queryset=Category.objects.all(), help_text="The id of the category that gets the transactions.")


@extend_schema_serializer(description="The tag that another one is merged into.")
class TagMergeSerializer(StrictSerializer):
    into = OwnedKeyField(queryset=Tag.objects.all(), help_text="The id of the tag that gets the transactions.")


@extend_schema_serializer(description="The payee that another one is merged into.")
class PayeeMergeSerializer(StrictSerializer):
    into = OwnedKeyField(queryset=Payee.objects.all(), help_text="The id of the payee that gets the transactions.")


@extend_schema_serializer(description="The default categories that were created.")
class CreatedCategoriesSerializer(serializers.Serializer):
    created = CategorySerializer(many=True, help_text="The new categories; those that existed already are not among them.")

    class Meta:
        example = {"created": [CategorySerializer.Meta.example]}
