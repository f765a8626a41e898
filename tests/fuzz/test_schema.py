"""schemathesis reads the schema and tries what nobody thought of: no 5xx, and no answer that the schema does not know.

`FUZZ_EXAMPLES=100 make fuzz` looks longer. A customer asks for everything; staff ask
where staff may do more, or wherever FUZZ_AS_STAFF, a regular expression, says.
"""

import os
from collections.abc import Iterator

import pytest
import schemathesis
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, settings
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.factories import TokenFactory, UserFactory

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "2"))
FOR_STAFF = os.environ.get("FUZZ_AS_STAFF", "/billing/plans/|/analytics/metrics/")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]

schema = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(public=True))


@pytest.fixture(scope="module")
def server(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[LiveServer]:
    """One server and one customer for all operations; what they write goes with him, which is quicker than a flush each."""
    with django_db_blocker.unblock():
        live = LiveServer("localhost")
        customer = UserFactory.create(email="fuzz@example.com")
        staff = UserFactory.create(email="fuzz-staff@example.com", is_staff=True, is_superuser=True)
        live.customer = TokenFactory.create(user=customer, scope="read-write").text
        live.staff = TokenFactory.create(user=staff, scope="read-write").text
        yield live
        live.stop()
        customer.delete()
        staff.delete()


searching = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)


def ask(server: LiveServer, case: schemathesis.Case, token: str) -> None:
    case.headers = {**dict(case.headers or {}), "Authorization": f"Bearer {token}"}
    case.call_and_validate(base_url=server.url, checks=CHECKS)


@pytest.mark.django_db
@schema.parametrize()
@searching
def test_every_answer_to_a_customer_is_in_the_schema(server: LiveServer, case: schemathesis.Case) -> None:
    ask(server, case, server.customer)


@pytest.mark.django_db
@schema.include(path_regex=FOR_STAFF).parametrize()
@searching
def test_every_answer_to_staff_is_in_the_schema(server: LiveServer, case: schemathesis.Case) -> None:
    ask(server, case, server.staff)
