"""The OpenAPI document: every operation with a summary, an example and its errors."""

from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework import serializers

from core.api.examples import example_of
from core.api.filters import MAY_BE_EMPTY
from core.api.permissions import PublicReadStaffWrite

VERBS = {
    "list": "List {}",
    "retrieve": "Read {}",
    "create": "Create {}",
    "update": "Replace {}",
    "partial_update": "Change {}",
    "destroy": "Delete {}",
}
ERRORS = {
    "400": "The input is wrong; `attr` names the field.",
    "401": "No valid credentials.",
    "403": "The credentials are not enough.",
    "404": "It does not exist, or is not yours.",
    "405": "The method is not offered here.",
    "409": "The present state forbids it.",
    "411": "The body comes without its length.",
    "412": "`If-Match` names a state that is over.",
    "413": "The body is too large.",
    "415": "The body's media type is not understood.",
    "422": "The Idempotency-Key was used for another request.",
    "429": "Too many requests; `Retry-After` says for how many seconds.",
}
ONLY_POST = {"422"}
ONLY_BODY = {"411", "413", "415"}
ONLY_CHANGE = {"409", "412"}
PROBLEM = {
    "type": "object",
    "description": "The one shape of every failure.",
    "required": ["type", "errors"],
    "properties": {
        "type": {"type": "string", "enum": ["validation_error", "client_error", "server_error"]},
        "errors": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["code", "detail", "attr"],
                "properties": {
                    "code": {"type": "string", "description": "Stable, for programs."},
                    "detail": {"type": "string", "description": "A sentence for people."},
                    "attr": {"type": ["string", "null"], "description": "The field that is to blame."},
                },
            },
        },
    },
    "example": {
        "type": "validation_error",
        "errors": [{"code": "zero_amount", "detail": "The amount must not be 0.", "attr": "amount"}],
    },
}


class Schema(AutoSchema):
    """Reads summaries from docstrings and verbs, examples from `Meta.example` of the serializer."""

    def get_summary(self) -> str:
        action = getattr(self.view, "action", "")
        noun = self._noun(plural=action == "list")
        if action in VERBS:
            return VERBS[action].format(noun)
        return (getattr(getattr(self.view, action, None), "__doc__", None) or f"{action} {noun}").strip().split(".")[0]

    def _noun(self, *, plural: bool) -> str:
        queryset = getattr(self.view, "queryset", None)
        if queryset is None:
            return self.view.get_view_name().lower()
        meta = queryset.model._meta
        name = str(meta.verbose_name)
        return str(meta.verbose_name_plural) if plural else f"{'an' if name[0] in 'aeio' else 'a'} {name}"

    def get_examples(self) -> list[OpenApiExample]:
        responses = self.get_response_serializers()
        found = next(iter(responses.values())) if isinstance(responses, dict) else responses
        serializer = found() if isinstance(found, type) else getattr(found, "child", found)
        example = example_of(serializer) if isinstance(serializer, serializers.Serializer) else None
        return [OpenApiExample("Example", value=example, response_only=True)] if example else []

    def get_auth(self) -> list[dict[str, Any]]:
        """The ways to say who is calling; saying nothing is one of them where everybody reads."""
        open_to_all = self.method == "GET" and PublicReadStaffWrite in getattr(self.view, "permission_classes", ())
        return [*super().get_auth(), *([{}] if open_to_all else [])]

    def get_override_parameters(self) -> list[Any]:
        if self.method == "POST":
            text = "Any unique text, such as a UUID; a repetition with the same key is answered from memory for a day."
            return [OpenApiParameter("Idempotency-Key", str, "header", description=text)]
        if self.method in {"PUT", "PATCH", "DELETE"}:
            return [OpenApiParameter("If-Match", str, "header", description="The ETag of the state that the change is for.")]
        return []


def document_errors(result: dict[str, Any], generator: SchemaGenerator, **_: object) -> dict[str, Any]:
    """drf-spectacular's last hook: give every operation its failures, all of one shape."""
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    for operations in result["paths"].values():
        for method, operation in operations.items():
            _refuse_empty_texts(operation)
            for status in _statuses(method, operation):
                operation["responses"].setdefault(status, _failure(status))
    return result


def _refuse_empty_texts(operation: dict[str, Any]) -> None:
    """Say what `StrictFilterBackend` does: a text in the query has at least one character."""
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "query" and parameter["schema"] == {"type": "string"} and parameter["name"] not in MAY_BE_EMPTY:
            parameter["schema"]["minLength"] = 1


def _statuses(method: str, operation: dict[str, Any]) -> list[str]:
    left_out = set() if method == "post" else set(ONLY_POST)
    if "requestBody" not in operation:
        left_out |= ONLY_BODY - ({"413"} if method == "post" else set())
    if method == "get":
        left_out |= ONLY_CHANGE
    return [status for status in ERRORS if status not in left_out]


def _failure(status: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": ERRORS[status], "content": {"application/json": {"schema": schema}}}
