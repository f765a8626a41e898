"""The texts of the OpenAPI document: each operation and object has its own, and none is a docstring."""

import inspect
from collections import Counter
from typing import Any

import pytest
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from tests.contract.test_openapi import SCHEMA

OBJECTS = {
    name: schema
    for name, schema in SCHEMA["components"]["schemas"].items()
    if schema.get("type") == "object" and not name.startswith("Paginated")
}
OPERATIONS = {
    f"{method} {path}": operation for path, operations in SCHEMA["paths"].items() for method, operation in operations.items()
}


def subclasses(parent: type[Any]) -> set[type]:
    children: list[type[Any]] = parent.__subclasses__()
    return {parent, *(each for child in children for each in subclasses(child))}


DOCSTRINGS = {
    inspect.cleandoc(text)
    for kind in subclasses(BaseSerializer) | subclasses(APIView)
    for text in [kind.__doc__, *(getattr(member, "__doc__", None) for member in vars(kind).values() if callable(member))]
    if text
}


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_has_a_description(name: str) -> None:
    description = OBJECTS[name].get("description", "")
    assert description.endswith((".", ":"))
    assert description not in DOCSTRINGS


def test_two_kinds_of_object_have_different_descriptions() -> None:
    kinds = {name.removeprefix("Patched").removesuffix("Request"): schema["description"] for name, schema in OBJECTS.items()}
    assert [text for text, count in Counter(kinds.values()).items() if count > 1] == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_has_a_description(name: str) -> None:
    operation: dict[str, Any] = OPERATIONS[name]
    assert not operation["summary"].endswith(".")
    assert len(operation["summary"]) <= 60
    assert operation["description"].endswith(".")
    assert operation["description"] not in DOCSTRINGS
