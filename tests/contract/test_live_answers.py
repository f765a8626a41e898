"""The responses of the demo and the examples of the OpenAPI document, against the schemas of that document.

The comparison is strict: a field that the schema does not have is a fault, and one that it has must be there.
"""

from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import override_settings
from drf_spectacular.renderers import OpenApiJsonRenderer
from jsonschema import Draft202012Validator, FormatChecker
from orjson import loads
from rest_framework.test import APIClient

from billing.models import Adjustment
from core import rls
from dev.demo.users import ADMIN_EMAIL, CUSTOMERS
from dev.routes import make
from system.models import PushDevice
from tests.conftest import Storing
from tests.contract.list_client import by_session_token
from tests.security.probes import schema
from users.models import DataExport, PersonalAccessToken, Upload, User

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 10, 17, tzinfo=UTC)
QUERIES = {
    "/api/v1/billing/feature-access/explanation/": {"feature_name": "health_checkins"},
    "/api/v1/finance/exchange-rates/convert/": {"amount": "1.00", "from": "EUR", "to": "USD"},
    "/api/v1/finance/transactions/export/": {"file_format": "json"},
    "/api/v1/finance/accounts/{id}/export/": {"file_format": "json"},
}
"""The queries of operations that require parameters, or have several formats."""
REFUSED = {
    "/api/v1/analytics/metrics/": 403,  # only staff can read them
    "/api/v1/analytics/metrics/{id}/": 403,
    "/api/v1/billing/subscriptions/{id}/leaving/": 409,  # a canceled subscription
    "/api/v1/finance/exchange-rates/convert/": 400,  # a customer without rates
}
"""The status of a refused read, for some of the users or rows."""
FURTHER = [Adjustment, DataExport, PersonalAccessToken, PushDevice, Upload]
"""Models of which the demo has no rows."""
ROWS = 5  # of each list whose single objects are read


@cache
def document() -> Any:
    """Return the document, in which an object of a response has no other fields than those in its schema."""
    found = loads(OpenApiJsonRenderer().render(schema()))
    for each in found["components"]["schemas"].values():
        close(each)
    return found


def close(part: Any) -> None:
    if isinstance(part, dict):
        if "properties" in part:
            part.setdefault("additionalProperties", False)
        for child in part.values():
            close(child)
    elif isinstance(part, list):
        for child in part:
            close(child)


def problems(body: Any, response_schema: Any) -> list[str]:
    root = {**deepcopy(response_schema), "components": document()["components"]}
    found = Draft202012Validator(root, format_checker=FormatChecker()).iter_errors(body)
    return [f"{error.json_path}: {error.message[:300]}" for error in found]


def json_schema_of(response: Any) -> Any:
    return response.get("content", {}).get("application/json", {}).get("schema")


def reads() -> Iterator[tuple[str, Any]]:
    """Yield the path and the schema of each GET operation whose response is JSON."""
    for path, operations in document()["paths"].items():
        is_ours = path.startswith("/api/")  # the account API has tests of its own
        if is_ours and "get" in operations and (found := json_schema_of(operations["get"]["responses"]["200"])):
            yield path, found


LISTS = [pytest.param(path, found, id=path) for path, found in reads() if "{" not in path]
OBJECTS = [pytest.param(path, found, id=path) for path, found in reads() if "{" in path]


@pytest.fixture(scope="module", autouse=True)
def demo(storing: Storing) -> Iterator[None]:
    """Load the demo once for all tests of this module."""
    with override_settings(DEBUG=True):
        with storing(), time_machine.travel(NOON, tick=False):
            call_command("demo", no_serve=True, few=True)
            for model in FURTHER:
                make(model, 1, User.objects.get(email=CUSTOMERS[0].email))
        yield


@pytest.fixture
def clients() -> Iterator[list[APIClient]]:
    with time_machine.travel(NOON, tick=False), rls.as_staff():
        emails = [*(customer.email for customer in CUSTOMERS), ADMIN_EMAIL]
        yield [by_session_token(User.objects.get(email=email)) for email in emails]


@pytest.mark.parametrize(("path", "response_schema"), LISTS)
def test_a_response_without_a_key_has_the_documented_form(clients: list[APIClient], path: str, response_schema: Any) -> None:
    assert faults(path, [client.get(path, QUERIES.get(path)) for client in clients], response_schema) == []


@pytest.mark.parametrize(("path", "response_schema"), OBJECTS)
def test_a_single_object_has_the_documented_form(clients: list[APIClient], path: str, response_schema: Any) -> None:
    rows, _, rest = path.partition("{id}/")
    keys = [(client, row["id"]) for client in clients for row in client.get(rows).json().get("results", [])[:ROWS]]
    responses = [client.get(f"{rows}{key}/{rest}", QUERIES.get(path)) for client, key in keys]
    assert faults(path, responses, response_schema) == []


def faults(path: str, responses: list[Any], response_schema: Any) -> list[str]:
    """Return what differs from the schema in successful responses, of which there must be one."""
    statuses = {response.status_code for response in responses}
    assert 200 in statuses
    assert statuses <= {200, REFUSED.get(path)}
    bodies = [loads(response.getvalue()) for response in responses if response.status_code == 200]
    return [problem for body in bodies for problem in problems(body, response_schema)]


def examples() -> Iterator[Any]:
    """Yield each example of a response, with the schema of the response."""
    for operations in document()["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                content = response.get("content", {}).get("application/json", {})
                for example in content.get("examples", {}).values():
                    yield pytest.param(example["value"], content["schema"], id=f"{operation['operationId']} {status}")


@pytest.mark.parametrize(("example", "response_schema"), examples())
def test_an_example_has_the_documented_form(example: Any, response_schema: Any) -> None:
    assert problems(example, response_schema) == []
