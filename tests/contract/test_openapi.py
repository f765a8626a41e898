"""The API's document: complete, free of warnings, and the one that is committed."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator

from dev.routes import LISTS, Route

COMMITTED = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
SCHEMA: dict[str, Any] = SchemaGenerator().get_schema(public=True)
OPERATIONS = [
    pytest.param(operation, id=f"{method} {path}")
    for path, operations in SCHEMA["paths"].items()
    for method, operation in operations.items()
]


def test_the_committed_document_is_the_present_one(tmp_path: Path) -> None:
    made = tmp_path / "openapi.yaml"
    call_command("spectacular", file=str(made), validate=True, fail_on_warn=True)
    assert COMMITTED.read_text() == made.read_text(), "Run: manage.py spectacular --file docs/openapi.yaml"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_says_what_it_does_and_how_it_fails(operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert {"400", "401", "403", "404"} <= set(operation["responses"])
    assert "token" in {name for scheme in operation["security"] for name in scheme}


@pytest.mark.parametrize("route", LISTS, ids=str)
def test_an_example_knows_the_fields_of_its_answer(route: Route) -> None:
    serializer = route.view.serializer_class
    readable = {name for name, field in serializer().fields.items() if not field.write_only}
    assert set(serializer.Meta.example) <= readable


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_answer_with_a_body_has_an_example(operation: dict[str, Any]) -> None:
    bodies = [answer["content"] for status, answer in operation["responses"].items() if status < "300" and "content" in answer]
    as_json = [body["application/json"] for body in bodies if "application/json" in body]  # a file has no example
    assert [body for body in as_json if "examples" not in body] == []
