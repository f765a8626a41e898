"""schemathesis reads the schema and tries what nobody thought of: no 5xx, and no answer that the schema does not know.

`FUZZ_EXAMPLES=100 make test ARGS=tests/contract/test_fuzz.py` looks longer.
"""

import os

import pytest
import schemathesis
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, settings
from pytest_django.live_server_helper import LiveServer
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.factories import TokenFactory
from users.models import PersonalAccessToken, User

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "4"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]

schema = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(public=True))


@pytest.fixture
def token(transactional_db: None, alice: User) -> PersonalAccessToken:
    return TokenFactory(user=alice, scope="read-write")


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_every_answer_is_in_the_schema(case: schemathesis.Case, live_server: LiveServer, token: PersonalAccessToken) -> None:
    case.headers = {**dict(case.headers or {}), "Authorization": f"Bearer {token.text}"}
    case.call_and_validate(base_url=live_server.url, checks=CHECKS)
