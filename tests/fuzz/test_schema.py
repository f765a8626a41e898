"""Fuzz tests of every API operation with schemathesis, as each kind of caller.

No response is a 5xx, every response matches the schema, and every operation requires its credential.
`make fuzz` sends each fifth request that covers a rule of the schema (FUZZ_EVERY) and two random ones (FUZZ_EXAMPLES);
`make long` sends all, and more random ones. The customer calls all operations. The others call operations with other
permissions for their role, or those that match FUZZ_PATHS, a regular expression.
"""

import os
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.test import override_settings
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, settings
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer
from schemathesis.checks import CheckContext, not_a_server_error
from schemathesis.core.transport import Response
from schemathesis.generation.meta import TestPhase
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from billing.models import SubscriptionPlan
from core import rls
from dev.factories import TokenFactory, UserFactory
from dev.stripe.emulator import StripeEmulator
from users.models import User
from users.staff_groups import assign_role

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "2"))
EVERY = int(os.environ.get("FUZZ_EVERY", "5"))
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
ENFORCED: set[str] = set()  # the operations that were shown to require their credential, which one request shows
SEEN = Counter[tuple[str, str]]()


def requires_credential(context: CheckContext, response: Response, case: schemathesis.Case) -> bool | None:
    """Check that the operation rejects a missing and a wrong credential, until one successful request has shown it."""
    context.auth_enforced_operations = ENFORCED
    return ignored_auth(context, response, case)


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
    requires_credential,
]


@dataclass(frozen=True)
class Caller:
    """The scope of a caller's token, the paths to call without FUZZ_PATHS, and a function that creates the user."""

    paths: str
    scope: str = "read-write"
    make: Callable[..., User] | None = UserFactory.create


def staff_member(role: str) -> Callable[..., User]:
    """Return a function that creates a staff member with a role."""

    def make(**fields: Any) -> User:
        user: User = UserFactory.create(**fields)
        assign_role(user, role)
        return user

    return make


STAFF_PATHS = "/billing/plans/|/analytics/metrics/"
FUZZ_ROLES = {
    "anonymous": Caller(paths="/billing/|/users/", make=None),
    "customer": Caller(paths="/"),
    "read-only": Caller(paths="/health/|/billing/", scope="read"),
    "support": Caller(paths=STAFF_PATHS, make=staff_member("support")),
    "billing": Caller(paths=STAFF_PATHS, make=staff_member("billing")),
    "analyst": Caller(paths=STAFF_PATHS, make=staff_member("analyst")),
    "administrator": Caller(paths=STAFF_PATHS, make=staff_member("administrator")),
}

schema = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(public=True))


def connected_to(stripe: StripeEmulator) -> dict[str, Any]:
    """Return the settings that send payments to the emulator."""
    return {"STRIPE_SECRET_KEY": stripe.key, "STRIPE_API_BASE": stripe.url}


@pytest.fixture(scope="module")
def server(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[LiveServer]:
    """Start one server with one user for each role, and delete the users and their rows at the end, as a flush is slower."""
    with (
        django_db_blocker.unblock(),
        rls.as_staff(),
        StripeEmulator.start() as stripe,
        override_settings(**connected_to(stripe)),
    ):
        call_command("sync_plans", stdout=StringIO())
        live, users = LiveServer("localhost"), []
        live.headers = {}
        for name, role in FUZZ_ROLES.items():
            live.headers[name] = {}
            if role.make:
                users.append(role.make(email=f"{name}@fuzz.example"))
                token = TokenFactory.create(user=users[-1], scope=role.scope).text
                live.headers[name] = {"Authorization": f"Bearer {token}"}
        yield live
        live.stop()
        for user in users:
            user.delete()
        SubscriptionPlan.objects.update(stripe_product_id="", stripe_price_id="")


fuzz_settings = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)


def is_of_this_worker(context: Any) -> bool:
    """Return True for the operations of this process. Each worker generates only the requests that it sends (`--dist each`)."""
    return zlib.crc32(context.operation.label.encode()) % WORKERS == WORKER


def is_in_sample(name: str, case: schemathesis.Case) -> bool:
    """Return True for random requests, and for the first and each EVERYth of those that cover the schema's rules."""
    if case.meta is None or case.meta.phase.name != TestPhase.COVERAGE:
        return True
    place = (name, case.operation.label)
    SEEN[place] += 1
    return SEEN[place] % EVERY == 1 % EVERY


def requests_of(name: str) -> Callable[..., None] | None:
    """Return the test of one caller, None if no operation is of this worker."""
    operations = schema.include(is_of_this_worker, path_regex=os.environ.get("FUZZ_PATHS", FUZZ_ROLES[name].paths))
    if not any(operations.get_all_operations()):
        return None

    @pytest.mark.django_db
    @operations.parametrize()
    @fuzz_settings
    def test(server: LiveServer, cases: Counter[str], case: schemathesis.Case) -> None:
        if not is_in_sample(name, case):
            return
        cases[name] += 1
        case.call_and_validate(base_url=server.url, headers=server.headers[name], checks=CHECKS)

    return test


test_responses_to_anonymous_callers_match_the_schema = requests_of("anonymous")
test_responses_to_a_customer_match_the_schema = requests_of("customer")
test_responses_to_a_read_token_match_the_schema = requests_of("read-only")
test_responses_to_support_match_the_schema = requests_of("support")
test_responses_to_billing_match_the_schema = requests_of("billing")
test_responses_to_an_analyst_match_the_schema = requests_of("analyst")
test_responses_to_an_administrator_match_the_schema = requests_of("administrator")
