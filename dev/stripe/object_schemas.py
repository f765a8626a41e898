"""Checks of a response against the annotations of `stripe`'s classes, or Stripe's OpenAPI document.

Each check returns a list of error messages, which is empty for a valid value.
"""

import decimal
import importlib
import inspect
import typing
from typing import Any

import stripe
from stripe._object_classes import OBJECT_CLASSES

MODULES = (stripe, stripe.checkout, stripe.billing_portal, stripe.test_helpers)
DELETED_FIELDS = ("id", "object", "deleted")
PLAIN: dict[typing.Any, typing.Any] = {str: str, int: int, bool: bool, float: (int, float), decimal.Decimal: str}


def class_of(name: str) -> Any:
    """Return the library's class of a resource, by its own name or by `object` of a response."""
    if name in OBJECT_CLASSES:
        path, own = OBJECT_CLASSES[name]
        return getattr(importlib.import_module(path), own)
    return next((getattr(module, name) for module in MODULES if hasattr(module, name)), None)


def of_response(body: dict[str, Any]) -> list[str]:
    """Check a response: an object, or a page of objects of the kinds that they name."""
    found = body["data"] if body.get("object") == "list" else [body]
    unknown = [f"{obj['object']} isn't a kind of object" for obj in found if class_of(obj["object"]) is None]
    return unknown or [wrong for obj in found for wrong in of_class(obj, class_of(obj["object"]), obj["object"])]


def of_class(value: dict[str, Any], expected: type, path: str) -> list[str]:
    """Check an object against a class: unknown fields, missing fields, fields of another type."""
    if value.get("deleted") is True:
        return [f"{path}.{name} isn't a field of a deleted object" for name in value if name not in DELETED_FIELDS]
    fields = {name: kind for name, kind in inspect.get_annotations(expected).items() if name != "OBJECT_NAME"}
    wrong = [f"{path}.{name} isn't a field" for name in value if name not in fields]
    optional = {
        name for name, kind in fields.items() if typing.get_origin(kind) is typing.Union and type(None) in typing.get_args(kind)
    }
    wrong += [f"{path}.{name} is missing" for name in fields if name not in value and name not in optional]
    for name, kind in fields.items():
        if name in value:
            wrong += of_kind(value[name], kind, f"{path}.{name}")
    return wrong


def of_kind(value: Any, kind: Any, path: str) -> list[str]:
    origin = typing.get_origin(kind)
    if origin is typing.Union:
        return of_union(value, typing.get_args(kind), path)
    if origin is typing.Literal:
        return [] if value in typing.get_args(kind) else [f"{path}: {value!r} isn't an allowed value"]
    if kind is Any or "UntypedStripeObject" in str(kind):
        return []
    if origin in (list, typing.List) or "ListObject" in str(origin):  # noqa: UP006  the library writes List
        return of_list(value, typing.get_args(kind)[0], path, in_envelope=origin is not list)
    if kind in PLAIN:
        fits = isinstance(value, PLAIN[kind]) and (kind is bool or not isinstance(value, bool))
        return [] if fits else [f"{path}: {value!r} isn't {kind.__name__}"]
    name = kind.__forward_arg__ if isinstance(kind, typing.ForwardRef) else kind
    expected = class_of(name) if isinstance(name, str) else kind
    if expected is None or not isinstance(value, dict):
        return [f"{path}: {value!r} isn't {kind}"]
    return of_class(value, expected, path)


def of_union(value: Any, kinds: tuple[Any, ...], path: str) -> list[str]:
    """Check that one of the types fits. Literals take precedence over `str`, so an unlisted string is wrong."""
    if value is None and type(None) in kinds:
        return []
    listed = [kind for kind in kinds if typing.get_origin(kind) is typing.Literal]
    errors = [of_kind(value, kind, path) for kind in listed or kinds if kind is not type(None)]
    return min(errors, key=len) if errors else [f"{path} can't be {value!r}"]


def of_list(value: Any, kind: Any, path: str, *, in_envelope: bool) -> list[str]:
    """Check every entry of a list, or of Stripe's envelope around one."""
    if in_envelope:
        if not isinstance(value, dict) or set(value) != {"object", "data", "has_more", "url"}:
            return [f"{path} isn't a list with its envelope"]
        value = value["data"]
    if not isinstance(value, list):
        return [f"{path} isn't a list"]
    return [wrong for number, entry in enumerate(value) for wrong in of_kind(entry, kind, f"{path}[{number}]")]


def of_schema(value: Any, schema: dict[str, Any], document: dict[str, Any], path: str) -> list[str]:
    """Check a value against a schema of the OpenAPI document: unknown and missing properties, and null."""
    schema = resolve_reference(schema, document)
    if value is None:
        return [] if schema.get("nullable") else [f"{path} can't be null"]
    if "anyOf" in schema:
        return min((of_schema(value, kind, document, path) for kind in schema["anyOf"]), key=len)
    if isinstance(value, list) and "items" in schema:
        return [wrong for n, entry in enumerate(value) for wrong in of_schema(entry, schema["items"], document, f"{path}[{n}]")]
    if isinstance(value, dict):
        return of_properties(value, schema, document, path)
    names: dict[str, Any] = {"string": str, "integer": int, "boolean": bool, "number": (int, float)}
    unlisted = "enum" in schema and value not in schema["enum"]
    fits = not unlisted and isinstance(value, names.get(schema.get("type", ""), ()))
    return [] if fits or "type" not in schema else [f"{path}: {value!r} doesn't fit"]


def of_properties(value: dict[str, Any], schema: dict[str, Any], document: dict[str, Any], path: str) -> list[str]:
    properties = schema.get("properties", {})
    if not properties:
        return [] if schema.get("type") == "object" else [f"{path} isn't an object"]
    wrong = [f"{path}.{name} isn't a property" for name in value if name not in properties]
    wrong += [f"{path}.{name} is required" for name in schema.get("required", []) if name not in value]
    for name in value:
        if name in properties:
            wrong += of_schema(value[name], properties[name], document, f"{path}.{name}")
    return wrong


def resolve_reference(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found = document
    for step in schema["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return found
