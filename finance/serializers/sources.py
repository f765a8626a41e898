"""The sources of a transaction's values: who has chosen them."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.plumbing import ResolvedComponent

from core.api.serializers import JsonField
from finance.models.divided import TransactionType
from finance.models.transactions import MACHINE_FIELDS
from finance.sources import SourceKind

SOURCE: dict[str, Any] = {
    "type": "object",
    "description": "Who has chosen a value.",
    "required": ["kind", "id", "version"],
    "properties": {
        "kind": {"type": "string", "enum": list(SourceKind), "description": "The user, a bank or a machine."},
        "id": {
            "type": ["string", "null"],
            "format": "uuid",
            "description": "The rule, suggestion or import. Null: the user.",
        },
        "version": {"type": ["integer", "null"], "description": "The version of the rule. Null: not a rule."},
    },
}
FORMER = {"type": "string", "enum": list(TransactionType), "description": "The type before it was part of a transfer."}
TRANSFER_SOURCE: dict[str, Any] = {
    "type": "object",
    "description": "Who has linked a transaction as part of a transfer.",
    "required": [*SOURCE["required"], "former"],
    "properties": {**SOURCE["properties"], "former": FORMER},
}


class SourcesField(JsonField):
    """The source of each field that machines may set."""


class SourcesExtension(OpenApiSerializerFieldExtension):
    """The schema of sources, with a component for each form."""

    target_class = SourcesField

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        """Return an object whose values refer to the components."""
        forms = {"TransferSource": TRANSFER_SOURCE, "ValueSource": SOURCE}
        found = [ResolvedComponent(name, ResolvedComponent.SCHEMA, schema, name) for name, schema in forms.items()]
        for component in found:
            auto_schema.registry.register_on_missing(component)
        return {
            "type": "object",
            "propertyNames": {"enum": [*MACHINE_FIELDS, "transfer"]},
            "additionalProperties": {"anyOf": [component.ref for component in found]},
            "example": {"category": {"kind": "user", "id": None, "version": None}},
        }
