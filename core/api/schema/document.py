"""The last steps of the OpenAPI document: errors, required fields of responses, and references to what is repeated."""

import json
import re
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
CHOICE = re.compile(r"^\* `(.*)` - (.*)\n?", re.MULTILINE)
SHARED_FROM = 3  # operations that have the same parameter


def finish_document(result: dict[str, Any], generator: SchemaGenerator, **_: object) -> dict[str, Any]:
    """Complete and shorten the document; a postprocessing hook of drf-spectacular."""
    result["components"].setdefault("schemas", {}).update(JSON_SCHEMAS)
    for operation in _operations(result):
        _refuse_empty_texts(operation)
    for schema in list(result["components"]["schemas"].values()):
        for field in schema.get("properties", {}).values():
            _shorten_choices(field)
            _remove_empty_default(field)
        _shorten_choices(schema)
    add_errors(result)
    _describe_defaults(result)
    _require_response_fields(result)
    _refer_to_enums(result)
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


def _shorten_choices(schema: dict[str, Any]) -> None:
    """Remove the list of choices from a description if their labels say no more than their values."""
    found = CHOICE.findall(schema.get("description", ""))
    if found and all(_letters(value) == _letters(label) for value, label in found):
        schema["description"] = CHOICE.sub("", schema["description"]).strip()
        if not schema["description"]:
            del schema["description"]


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).lower()


def _remove_empty_default(field: dict[str, Any]) -> None:
    """Remove the default "" of a choice, which stands for a field that is not sent, and is no choice."""
    if field.get("default") == "" and ("allOf" in field or "enum" in field):
        del field["default"]


def _describe_defaults(document: dict[str, Any]) -> None:
    """Move the defaults of requests into the descriptions: openapi-typescript 7 requires each field that has one."""
    for name, schema in document["components"]["schemas"].items():
        for field in schema.get("properties", {}).values() if name.endswith("Request") else ():
            if "default" in field:
                text, default = field.get("description", ""), json.dumps(field.pop("default"), default=str)
                field["description"] = text if "default" in text.lower() else f"{text} Default: {default}.".strip()


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


def _refer_to_enums(document: dict[str, Any]) -> None:
    """Let parameters with the choices of a component refer to it, so that a client has one type for both."""
    schemas = document["components"]["schemas"]
    names = {frozenset(schema["enum"]): name for name, schema in sorted(schemas.items()) if "enum" in schema}
    for operation in _operations(document):
        for parameter in operation.get("parameters", []):
            place = parameter["schema"].get("items", parameter["schema"])
            if (name := names.get(frozenset(place.get("enum", [])))) is not None:
                del place["enum"], place["type"]
                place["$ref"] = f"#/components/schemas/{name}"


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
