"""The OpenAPI document: complete, free of warnings, and equal to the committed one."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from drf_spectacular import validation
from drf_spectacular.renderers import OpenApiJsonRenderer
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from rest_framework.serializers import ChoiceField

from core.api.serializers import BaseSerializer
from dev.routes import LISTS, Route
from tests.security.probes import schema

DOCS = Path(__file__).resolve().parents[2] / "docs"
SCHEMA = schema()
OPERATIONS = [
    pytest.param(operation, id=f"{method} {path}")
    for path, operations in SCHEMA["paths"].items()
    for method, operation in operations.items()
]


def operation_ids(document: Any) -> set[str]:
    return {operation["operationId"] for path in document["paths"].values() for operation in path.values()}


@pytest.mark.parametrize(("audience", "name"), [("CUSTOMERS", "openapi.yaml"), ("STAFF", "openapi-staff.yaml")])
def test_the_committed_document_is_up_to_date(tmp_path: Path, audience: str, name: str) -> None:
    generated, settings = tmp_path / name, f"mingus.spectacular_settings.{audience}"
    call_command("spectacular", file=str(generated), fail_on_warn=True, custom_settings=settings)
    assert (DOCS / name).read_text() == generated.read_text(), "Run: make openapi"


def test_each_operation_is_in_one_of_the_two_documents() -> None:
    files = (DOCS / "openapi.yaml", DOCS / "openapi-staff.yaml")
    customers, staff = (operation_ids(yaml.load(file.read_text(), Loader=yaml.CSafeLoader)) for file in files)
    assert customers & staff == set()
    assert customers | staff == operation_ids(SCHEMA)
    assert {"createPlan", "listPerformanceMetrics"} <= staff
    assert {"listPlans", "listTransactions"} <= customers


def test_the_document_is_valid() -> None:
    """Validate it as `manage.py spectacular --validate` does, in a fifth of the time: with the rules indexed once."""
    rules = json.loads((Path(validation.__file__).parent / "openapi_3_1_schema.json").read_text())
    indexed = Registry().with_resource(rules["$id"], Resource.from_contents(rules)).crawl()
    document = json.loads(OpenApiJsonRenderer().render(SCHEMA))
    assert list(Draft202012Validator(rules, registry=indexed).iter_errors(document)) == []


MODEL_SERIALIZERS = [route.view.serializer_class for route in LISTS if issubclass(route.view.serializer_class, BaseSerializer)]


@pytest.mark.parametrize("serializer", sorted(set(MODEL_SERIALIZERS), key=lambda each: each.__name__))
def test_a_choice_that_may_be_empty_says_so(serializer: type[BaseSerializer]) -> None:
    columns = {field.name: field for field in serializer.Meta.model._meta.concrete_fields}
    choices = {name: field for name, field in serializer().fields.items() if isinstance(field, ChoiceField) and name in columns}
    assert {name: field.allow_blank for name, field in choices.items()} == {name: columns[name].blank for name in choices}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_has_a_summary_errors_and_security(operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert {"400", "401", "403", "404"} <= set(operation["responses"])
    assert operation["tags"] == ["account"] or "token" in {name for scheme in operation["security"] for name in scheme}


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
