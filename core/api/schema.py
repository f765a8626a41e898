"""The OpenAPI document, with a summary, an example and the errors of every operation."""

from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework import serializers

from core.api.examples import example_of
from core.api.filters.backends import MAY_BE_EMPTY
from core.api.permissions import PublicReadStaffWrite

SUMMARIES = {
    "list": "List {}",
    "retrieve": "Read {}",
    "create": "Create {}",
    "update": "Replace {}",
    "partial_update": "Change {}",
    "destroy": "Delete {}",
}
DESCRIPTIONS = {
    "list": "Returns a page of {}.",
    "retrieve": "Returns {} with its `ETag`.",
    "create": "Creates {}.",
    "update": "Replaces {}. Required fields must be sent; optional fields that are left out keep their values.",
    "partial_update": "Changes the fields of {} that are sent.",
    "destroy": "Deletes {}.",
}
ERRORS = {
    "400": "The input is invalid. `attr` names the field.",
    "401": "The credentials are missing or invalid.",
    "403": "The credentials do not permit this.",
    "404": "The object does not exist, or belongs to another user.",
    "405": "The method is not allowed.",
    "409": "The request conflicts with the current state.",
    "411": "The header `Content-Length` is missing.",
    "412": "The object was changed since the ETag in `If-Match` was read.",
    "413": "The body is too large.",
    "414": "The path and the query are too long.",
    "415": "The media type of the body is not supported.",
    "422": "The Idempotency-Key was used for another request.",
    "429": "Too many requests. `Retry-After` is the number of seconds to wait.",
    "431": "The headers are too large.",
}
ONLY_POST = {"422"}
ONLY_BODY = {"411", "413", "415"}
ONLY_CHANGE = {"409", "412"}
PROBLEM = {
    "type": "object",
    "description": "An error response.",
    "required": ["type", "errors"],
    "properties": {
        "type": {
            "type": "string",
            "enum": ["validation_error", "client_error", "server_error"],
            "description": "`validation_error` if values are invalid, `server_error` from status 500 on, else `client_error`.",
        },
        "errors": {
            "type": "array",
            "minItems": 1,
            "description": "At least one; of invalid values, one for each.",
            "items": {
                "type": "object",
                "required": ["code", "detail", "attr"],
                "properties": {
                    "code": {"type": "string", "description": "A stable code of the error."},
                    "detail": {"type": "string", "description": "A message that explains the error."},
                    "attr": {"type": ["string", "null"], "description": "The invalid field, or null."},
                    "column": {
                        "type": "integer",
                        "minimum": 1,
                        "description": "The place of a mistake in `search`, in characters from 1.",
                    },
                    "resets_at": {"type": "string", "format": "date-time", "description": "When a reached limit is reset."},
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
    """The schema of one view.

    The standard actions are described by SUMMARIES or the view's `summaries`, DESCRIPTIONS and the view's `about`, other
    actions by their `extend_schema`, examples by the serializer's `Meta.example`. No docstring is public.
    """

    def get_summary(self) -> str | None:
        own: dict[str, str] = getattr(self.view, "summaries", {})
        return own.get(getattr(self.view, "action", "")) or self._about_action(SUMMARIES)

    def get_description(self) -> str:  # type: ignore[override]  # drf-spectacular calls it without arguments
        return " ".join(filter(None, [self._about_action(DESCRIPTIONS), getattr(self.view, "about", "")]))

    def _about_action(self, sentences: dict[str, str]) -> str | None:
        action = getattr(self.view, "action", "")
        return sentences[action].format(self._noun(plural=action == "list")) if action in sentences else None

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
        """Return the authentication methods, with none as an option where reading is public."""
        is_public = self.method == "GET" and PublicReadStaffWrite in getattr(self.view, "permission_classes", ())
        return [*super().get_auth(), *([{}] if is_public else [])]

    def get_operation(self, *path: Any) -> dict[str, Any] | None:
        """Return the operation. Its description may name the view's `{row}` and `{rows}`; an alias says what it stands for."""
        operation: dict[str, Any] | None = super().get_operation(*path)
        if operation:
            alias = getattr(self.view, "alias_of", "")
            text = f"The same as `{alias}`. {operation['description']}" if alias else operation["description"]
            operation["description"] = self._filled(text)
        return operation

    def _filled(self, text: str) -> str:
        queryset = getattr(self.view, "queryset", None)
        if queryset is None:
            return text
        names = queryset.model._meta
        return text.replace("{row}", str(names.verbose_name)).replace("{rows}", str(names.verbose_name_plural))

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        """Describe the ids in the path: by the view's `path_texts`, or as the key of its model."""
        texts: dict[str, str] = {"id": "The id of the {row}.", **getattr(self.view, "path_texts", {})}
        found: list[dict[str, Any]] = super()._resolve_path_parameters(variables)
        return [parameter | {"description": self._filled(texts[parameter["name"]])} for parameter in found]

    def get_override_parameters(self) -> list[Any]:
        if self.method == "POST":
            text = "A unique string, such as a UUID. A retry with the same key within 24 hours returns the first response."
            return [OpenApiParameter("Idempotency-Key", str, "header", description=text)]
        if self.method in {"PUT", "PATCH", "DELETE"}:
            text = "An ETag. If the object was changed since, the request fails with status 412."
            return [OpenApiParameter("If-Match", str, "header", description=text)]
        return []


def document_errors(result: dict[str, Any], generator: SchemaGenerator, **_: object) -> dict[str, Any]:
    """Add the error responses to every operation; a postprocessing hook of drf-spectacular."""
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    for operations in result["paths"].values():
        for method, operation in operations.items():
            _refuse_empty_texts(operation)
            for status in _statuses(method, operation):
                operation["responses"].setdefault(status, _failure(status))
    return result


def _refuse_empty_texts(operation: dict[str, Any]) -> None:
    """Set `minLength` of text parameters to 1, as StrictFilterBackend refuses empty ones."""
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
