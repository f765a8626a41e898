"""The last steps of the OpenAPI document: errors, required fields of responses, and references to what is repeated."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from core.api.filters.backends import MAY_BE_EMPTY
from core.api.schema.errors import add_errors
from core.api.schema.operations import camel_case

JSON_SCHEMAS: dict[str, dict[str, Any]] = {
    "JsonValue": {"description": "Any JSON value: an object, a list, a text, a number, a boolean or null."},
    "JsonObject": {
        "type": "object",
        "additionalProperties": {"$ref": "#/components/schemas/JsonValue"},
        "description": "A JSON object with any members.",
    },
}
SHARED_FROM = 3  # operations that have the same parameter


def finish_document(result: dict[str, Any], generator: SchemaGenerator, **_: object) -> dict[str, Any]:
    """Complete and shorten the document; a postprocessing hook of drf-spectacular."""
    result["components"].setdefault("schemas", {}).update(JSON_SCHEMAS)
    for operation in _operations(result):
        _refuse_empty_texts(operation)
    add_errors(result)
    _require_response_fields(result)
    _share_parameters(result)
    return result


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for operations in document["paths"].values():
        yield from operations.values()


def _refuse_empty_texts(operation: dict[str, Any]) -> None:
    """Set `minLength` of text parameters to 1, as StrictFilterBackend refuses empty ones."""
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "query" and parameter["schema"] == {"type": "string"} and parameter["name"] not in MAY_BE_EMPTY:
            parameter["schema"]["minLength"] = 1


def _require_response_fields(document: dict[str, Any]) -> None:
    """Mark each field of a response as required: all come in each response, with null for an unknown value."""
    schemas = document["components"]["schemas"]
    sent = _reachable([operation.get("requestBody") for operation in _operations(document)], schemas)
    for name in _reachable([operation["responses"] for operation in _operations(document)], schemas) - sent:
        if "properties" in schemas[name]:
            schemas[name]["required"] = list(schemas[name]["properties"])


def _reachable(part: Any, schemas: dict[str, Any]) -> set[str]:
    """Return the names of the schemas that a part of the document refers to, also by other schemas."""
    found: set[str] = set()
    pending = [part]
    while pending:
        each = pending.pop()
        if isinstance(each, list):
            pending += each
        elif isinstance(each, dict):
            name = str(each.get("$ref", "")).removeprefix("#/components/schemas/")
            if name in schemas and name not in found:
                found.add(name)
                pending.append(schemas[name])
            pending += each.values()
    return found


def _share_parameters(document: dict[str, Any]) -> None:
    """Replace what at least SHARED_FROM operations declare alike by a reference, for each name its most frequent form."""
    uses: Counter[str] = Counter()
    declared: dict[str, dict[str, Any]] = {}
    for operation in _operations(document):
        for parameter in operation.get("parameters", []):
            uses[_form(parameter)] += 1
            declared[_form(parameter)] = parameter
    names: dict[str, str] = {}
    for form, number in uses.most_common():
        if number >= SHARED_FROM:
            names.setdefault(declared[form]["name"], form)
    shared = {form: camel_case(name.replace("_", " ")) for name, form in names.items()}
    for operation in _operations(document):
        for index, parameter in enumerate(operation.get("parameters", [])):
            if (form := _form(parameter)) in shared:
                operation["parameters"][index] = {"$ref": f"#/components/parameters/{shared[form]}"}
    document["components"]["parameters"] = {
        shared[form]: declared[form] for form in sorted(shared, key=lambda form: shared[form])
    }


def _form(parameter: dict[str, Any]) -> str:
    return json.dumps(parameter, sort_keys=True, default=str)
