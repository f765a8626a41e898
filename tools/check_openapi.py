"""Check that a stranger can build on the two OpenAPI documents: names, descriptions, types, required fields and size.

Run it as `python tools/check_openapi.py`; `make lint` does. It prints each fault and fails if there is one.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

DOCS = Path(__file__).resolve().parents[1] / "docs"
DOCUMENTS = ("openapi.yaml", "openapi-staff.yaml")
MAX_BYTES_PER_OPERATION = 4_500
GENERATED_NAMES = ("_create", "_retrieve", "_list", "_update", "_partial_update", "_destroy")
TYPES = {"type", "$ref", "allOf", "anyOf", "oneOf", "enum", "const"}
FREE = {"JsonValue"}  # the one schema that permits any value


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for found in document["paths"].values():
        yield from found.values()


def faults(document: dict[str, Any]) -> Iterator[str]:
    """Yield a sentence for each fault of a document."""
    yield from faulty_operations(document)
    yield from faulty_parameters(document)
    for name, schema in document["components"]["schemas"].items():
        if name not in FREE:
            yield from faulty_schema(schema, name)
    yield from missing_required(document)
    size = len(json.dumps(document, separators=(",", ":"))) / len(list(operations(document)))
    if size > MAX_BYTES_PER_OPERATION:
        yield f"{size:,.0f} bytes per operation: at most {MAX_BYTES_PER_OPERATION:,} are permitted."


def faulty_operations(document: dict[str, Any]) -> Iterator[str]:
    texts = Counter(operation.get("description") for operation in operations(document))
    described = {tag["name"] for tag in document.get("tags", []) if tag.get("description")}
    for operation in operations(document):
        name = operation["operationId"]
        if name.endswith(GENERATED_NAMES) or "_" in name:
            yield f"{name}: a generated name of an operation"
        if not operation.get("description") or texts[operation["description"]] > 1:
            yield f"{name}: no description of its own"
        if not set(operation["tags"]) <= described:
            yield f"{name}: a tag without a description"


def faulty_parameters(document: dict[str, Any]) -> Iterator[str]:
    shared = document["components"].get("parameters", {})
    for operation in operations(document):
        for parameter in operation.get("parameters", []):
            found = shared[parameter["$ref"].rsplit("/", 1)[1]] if "$ref" in parameter else parameter
            if not found.get("description"):
                yield f"{operation['operationId']}, parameter {found['name']}: no description"


def faulty_schema(schema: dict[str, Any], place: str) -> Iterator[str]:
    """Yield the faults of a schema and of those in it."""
    if fault := fault_of_type(schema):
        yield f"{place}: {fault}"
    for name, child in schema.get("properties", {}).items():
        if not child.get("description"):
            yield f"{place}.{name}: no description"
        yield from faulty_schema(child, f"{place}.{name}")
    parts = [schema.get("items"), schema.get("additionalProperties")]
    for child in [*parts, *(each for kind in ("allOf", "anyOf", "oneOf") for each in schema.get(kind, []))]:
        if isinstance(child, dict) and child:
            yield from faulty_schema(child, place)


def fault_of_type(schema: dict[str, Any]) -> str:
    """Return why a client can't know the type of a value, or "" if it can."""
    if not TYPES & set(schema):
        return "no type"
    if schema.get("additionalProperties") in ({}, True):
        return "an object of any fields; refer to JsonObject"
    is_empty = schema.get("type") == "object" and not {"properties", "additionalProperties"} & set(schema)
    return "an object without fields" if is_empty else ""


def missing_required(document: dict[str, Any]) -> Iterator[str]:
    """Yield the fields of responses that are not required. Schemas of requests end in Request."""
    for name, schema in document["components"]["schemas"].items():
        if not name.endswith("Request"):
            for field in sorted(set(schema.get("properties", {})) - set(schema.get("required", []))):
                yield f"{name}.{field}: a field of a response that is not required"


def main() -> int:
    """Print the faults of both documents. Return 1 if there are any."""
    found = []
    for name in DOCUMENTS:
        document = yaml.load((DOCS / name).read_text(), Loader=yaml.CSafeLoader)  # the safe loader, in C
        found += [f"docs/{name}: {fault}" for fault in faults(document)]
    sys.stdout.writelines(f"{fault}\n" for fault in found)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
