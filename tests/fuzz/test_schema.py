"""schemathesis reads the schema and tries what nobody thought of, as each kind of caller.

No 5xx, no answer that the schema does not know, and no operation that minds its own business when the credential is gone.
`FUZZ_EXAMPLES=100 make fuzz` looks longer. A customer asks for everything; the others ask where they may do more or must do
less, or wherever FUZZ_PATHS, a regular expression, says.
"""

import os
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
from schemathesis.checks import not_a_server_error
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
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
    ignored_auth,
]


@dataclass(frozen=True)
class Caller:
    """Somebody who asks: how his account is made, what his token may do, and where he asks unless FUZZ_PATHS says else."""

    paths: str
    scope: str = "read-write"
    make: Callable[..., User] | None = UserFactory.create


def colleague(role: str) -> Callable[..., User]:
    """How the account of a colleague is made."""

    def make(**fields: Any) -> User:
        user: User = UserFactory.create(**fields)
        assign_role(user, role)
        return user

    return make


STAFFS = "/billing/plans/|/analytics/metrics/"
FUZZ_ROLES = {
    "anonymous": Caller(paths="/billing/|/users/", make=None),
    "customer": Caller(paths="/"),
    "read-only": Caller(paths="/health/|/billing/", scope="read"),
    "support": Caller(paths=STAFFS, make=colleague("support")),
    "billing": Caller(paths=STAFFS, make=colleague("billing")),
    "analyst": Caller(paths=STAFFS, make=colleague("analyst")),
    "administrator": Caller(paths=STAFFS, make=colleague("administrator")),
}

schema = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(public=True))


def connected_to(stripe: StripeEmulator) -> dict[str, Any]:
    """The settings with which payments go to the stand-in."""
    return {"STRIPE_SECRET_KEY": stripe.key, "STRIPE_API_BASE": stripe.url}


@pytest.fixture(scope="module")
def server(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[LiveServer]:
    """One server and one account a role for all operations; what they write goes with them, which is quicker than a flush.

    Payments are connected to the stand-in for Stripe.
    """
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


searching = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)


def asked_by(name: str) -> Callable[..., None]:
    """The test of one caller."""

    @pytest.mark.django_db
    @schema.include(path_regex=os.environ.get("FUZZ_PATHS", FUZZ_ROLES[name].paths)).parametrize()
    @searching
    def test(server: LiveServer, cases: Counter[str], case: schemathesis.Case) -> None:
        cases[name] += 1
        case.call_and_validate(base_url=server.url, headers=server.headers[name], checks=CHECKS)

    return test


test_every_answer_to_nobody_is_in_the_schema = asked_by("anonymous")
test_every_answer_to_a_customer_is_in_the_schema = asked_by("customer")
test_every_answer_to_a_read_token_is_in_the_schema = asked_by("read-only")
test_every_answer_to_support_is_in_the_schema = asked_by("support")
test_every_answer_to_billing_is_in_the_schema = asked_by("billing")
test_every_answer_to_an_analyst_is_in_the_schema = asked_by("analyst")
test_every_answer_to_an_administrator_is_in_the_schema = asked_by("administrator")
