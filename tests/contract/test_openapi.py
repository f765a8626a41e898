"""The OpenAPI document: complete, free of warnings, and equal to the committed one."""

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


def test_the_committed_document_is_up_to_date(tmp_path: Path) -> None:
    generated = tmp_path / "openapi.yaml"
    call_command("spectacular", file=str(generated), validate=True, fail_on_warn=True)
    assert COMMITTED.read_text() == generated.read_text(), "Run: manage.py spectacular --file docs/openapi.yaml"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_has_a_summary_errors_and_security(operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert {"400", "401", "403", "404"} <= set(operation["responses"])
    assert "token" in {name for scheme in operation["security"] for name in scheme}


@pytest.mark.parametrize("route", LISTS, ids=str)
def test_an_example_has_only_fields_of_the_response(route: Route) -> None:
    serializer = route.view.serializer_class
    readable = {name for name, field in serializer().fields.items() if not field.write_only}
    assert set(serializer.Meta.example) <= readable


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_response_with_a_body_has_an_example(operation: dict[str, Any]) -> None:
    bodies = [item["content"] for status, item in operation["responses"].items() if status < "300" and "content" in item]
    as_json = [body["application/json"] for body in bodies if "application/json" in body]  # a file has no example
    assert [body for body in as_json if "examples" not in body] == []
