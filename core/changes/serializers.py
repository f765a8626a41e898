"""The schema of a page of changes. The objects themselves are read by the SQL of their viewsets."""

from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from core.api.examples import EXAMPLE_ID
from core.changes.types import ChangeType, change_types

ACTIONS = ("upsert", "delete")


def change_serializer(kind: ChangeType) -> type[serializers.Serializer]:
    """Return the serializer of the changes of one type."""

    @extend_schema_field({"type": "string", "const": kind.name})
    class TypeField(serializers.CharField):
        pass

    shown = kind.view_class.serializer_class
    fields: dict[str, Any] = {
        "type": TypeField(help_text="The type of the object."),
        "id": serializers.UUIDField(help_text="The id of the object."),
        "action": serializers.ChoiceField(
            ACTIONS, help_text="`upsert`: store the object. `delete`: remove it if it is stored."
        ),
        "object": shown(allow_null=True, help_text="The whole object as its own endpoint returns it. Null: deleted."),
    }
    name = "".join(word.title() for word in kind.name.split("_"))
    found = type(f"{name}ChangeSerializer", (serializers.Serializer,), fields)
    return extend_schema_serializer(component_name=f"{name}Change", description=f"A change of the type `{kind.name}`.")(found)


def change_serializers() -> dict[str, Any]:
    return {name: change_serializer(kind) for name, kind in change_types().items()}


ANY_CHANGE = PolymorphicProxySerializer(
    component_name="Change",
    serializers=change_serializers,
    resource_type_field_name="type",
    many=True,
)


@extend_schema_field(ANY_CHANGE)
class AnyChangesField(serializers.ListField):
    """Changes of any types, whose objects are read as the API shows them."""


@extend_schema_serializer(description="A page of changes.")
class ChangesSerializer(serializers.Serializer):
    cursor = serializers.CharField(help_text="Send it with the next request, now or later. It is valid for 90 days.")
    has_more = serializers.BooleanField(help_text="True if there are further changes already, which the next request returns.")
    changes = AnyChangesField(help_text="The changes, each object at most once, in the order to apply them.")

    class Meta:
        example: Any = {
            "cursor": "WzE3LCIwMTk3Il0.6sHf0tWwq1Jk3bC4",
            "has_more": False,
            "changes": [
                {
                    "type": "tag",
                    "id": EXAMPLE_ID,
                    "action": "upsert",
                    "object": {
                        "id": EXAMPLE_ID,
                        "name": "trip to Rome",
                        "created_at": "2026-03-01T09:30:00Z",
                        "updated_at": "2026-03-01T09:30:00Z",
                    },
                },
                {"type": "transaction", "id": EXAMPLE_ID, "action": "delete", "object": None},
            ],
        }
