"""The error responses of the OpenAPI document."""

from http import HTTPStatus
from typing import Any

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


def _reference(schema: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{schema}"}


ERROR: dict[str, Any] = {
    "type": "object",
    "description": "One error of a request.",
    "required": ["code", "detail", "attr"],
    "properties": {
        "code": {"type": "string", "description": "A stable code of the error."},
        "detail": {"type": "string", "description": "A message that explains the error and its remedy."},
        "attr": {"type": ["string", "null"], "description": "The invalid field. Null: no single field."},
    },
}


def _error_with(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    """Return the schema of an error that has a further field `name`."""
    properties = {**ERROR["properties"], name: schema}
    return {**ERROR, "description": description, "required": list(properties), "properties": properties}


COLUMN = {"type": "integer", "minimum": 1, "description": "The place of the mistake in `search`, in characters from 1."}
RESETS_AT = {"type": ["string", "null"], "format": "date-time", "description": "When the limit is reset. Null: never."}
SCHEMAS: dict[str, dict[str, Any]] = {
    "ErrorDetail": ERROR,
    "SearchErrorDetail": _error_with("column", COLUMN, "A mistake in `search`."),
    "LimitErrorDetail": _error_with("resets_at", RESETS_AT, "A limit of the plan is reached."),
    "Problem": {
        "type": "object",
        "description": "An error response.",
        "required": ["type", "errors"],
        "properties": {
            "type": {
                "type": "string",
                "enum": ["validation_error", "client_error", "server_error"],
                "description": "`validation_error` if the input is invalid, else whose fault the error is.",
            },
            "errors": {
                "type": "array",
                "minItems": 1,
                "description": "All errors of the request.",
                "items": {
                    "anyOf": [_reference("SearchErrorDetail"), _reference("LimitErrorDetail"), _reference("ErrorDetail")]
                },
            },
        },
        "example": {
            "type": "validation_error",
            "errors": [{"code": "zero_amount", "detail": "The amount must not be 0.", "attr": "amount"}],
        },
    },
}
RESPONSES = {
    status: {"description": text, "content": {"application/json": {"schema": _reference("Problem")}}}
    for status, text in ERRORS.items()
}


def add_errors(document: dict[str, Any]) -> None:
    """Add the error responses to every operation, as references to shared components."""
    components = document["components"]
    components["schemas"] |= SCHEMAS
    components["responses"] = {_name(status): response for status, response in RESPONSES.items()}
    components["responses"]["NotModified"] = {"description": "The response to `If-None-Match` is still valid."}
    for operations in document["paths"].values():
        for method, operation in operations.items():
            if any(parameter["name"] == "If-None-Match" for parameter in operation.get("parameters", [])):
                operation["responses"]["304"] = {"$ref": "#/components/responses/NotModified"}
            for status in _statuses(method, operation):
                operation["responses"].setdefault(status, {"$ref": f"#/components/responses/{_name(status)}"})


def _statuses(method: str, operation: dict[str, Any]) -> list[str]:
    left_out = set() if method == "post" else set(ONLY_POST)
    if "requestBody" not in operation:
        left_out |= ONLY_BODY - ({"413"} if method == "post" else set())
    if method == "get":
        left_out |= ONLY_CHANGE
    return [status for status in ERRORS if status not in left_out]


def _name(status: str) -> str:
    """Return the status' name in HTTP as one word, such as `NotFound`."""
    return HTTPStatus(int(status)).phrase.title().replace(" ", "").replace("-", "")
