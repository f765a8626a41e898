"""Fixtures: two customers with rows of every model, and clients of each kind of caller and of each role."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoDbBlocker
from rest_framework.test import APIClient

from core import clock, rls
from dev.factories import TokenFactory, UserFactory
from mingus.roles_table import ANONYMOUS, IMPERSONATOR, READ_TOKEN
from tests.conftest import Storing
from tests.security.probes import CLIENT
from tests.security.tenants import Tenant, create_tenant, rows_hash
from tests.sign_in import sign_in
from users import impersonation, staff_groups
from users.models import User
from users.roles import CUSTOMER, ROLES

StaffFactory = Callable[[str], User]


def user_with_role(role: str) -> User:
    """Create a user with a role."""
    user = UserFactory.create(email=f"{role}@example.com")
    staff_groups.assign_role(user, role)
    return user


@pytest.fixture(autouse=True)
def _no_cookies_left() -> Iterator[None]:
    """Remove the cookies that a test leaves in the shared client."""
    yield
    CLIENT.cookies.clear()


@pytest.fixture
def staff_member(db: None) -> StaffFactory:
    return user_with_role


@cache
def middleware() -> Any:
    """Load the middleware once, as each client would load it again and WhiteNoise would search the static files."""
    handler: Any = APIClient().handler
    handler.load_middleware()
    return handler._middleware_chain


def client_of(kind: type[Client] = APIClient, **options: Any) -> Any:
    client: Any = kind(**options)
    client.handler._middleware_chain = middleware()
    return client


def in_session(user: User) -> APIClient:
    client: APIClient = client_of(raise_request_exception=False)
    sign_in(client, user)
    return client


def with_authorization(value: str) -> APIClient:
    client: APIClient = client_of(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=value)
    return client


def back_office_client(user: User) -> Client:
    client: Client = client_of(Client)
    sign_in(client, user)
    return client


@pytest.fixture
def as_customer(alice: User, staff_member: StaffFactory) -> APIClient:
    """Return a client with an impersonation of alice by support."""
    _, text = impersonation.start(customer=alice, staff=staff_member("support"), reason="Ticket 4711", now=clock.now())
    return with_authorization(f"Impersonation {text}")


@dataclass(frozen=True)
class Clients:
    """A client of the API for each kind of caller, and a client of the back office for each role."""

    callers: dict[str, APIClient]
    back_office: dict[str, Client]


@pytest.fixture(scope="module")
def clients(storing: Storing) -> Clients:
    """Create the clients once for a module, as signing them in takes longer than a test."""
    with storing():
        return _create_clients()


def _create_clients() -> Clients:
    customer = UserFactory.create(email="customer@example.com")
    members = {role: user_with_role(role) for role in ROLES}
    _, text = impersonation.start(customer=customer, staff=members["support"], reason="Ticket 4711", now=clock.now())
    callers = {
        ANONYMOUS: client_of(),
        CUSTOMER: in_session(customer),
        READ_TOKEN: with_authorization(f"Bearer {TokenFactory(user=customer, scope='read').text}"),
        IMPERSONATOR: with_authorization(f"Impersonation {text}"),
    }
    staff_callers = {role: in_session(user) for role, user in members.items()}
    return Clients(callers | staff_callers, {role: back_office_client(user) for role, user in members.items()})


@pytest.fixture
def callers(clients: Clients, db: None) -> dict[str, APIClient]:
    return clients.callers


@pytest.fixture
def back_office_clients(clients: Clients, db: None) -> dict[str, Client]:
    return clients.back_office


@pytest.fixture(scope="module")
def tenant_pair(storing: Storing) -> tuple[Tenant, Tenant]:
    """Create two customers with rows of every model once for a module, as it takes longer than a test."""
    with storing():
        return create_tenant(1), create_tenant(2)


@pytest.fixture(scope="module")
def before(tenant_pair: tuple[Tenant, Tenant], django_db_blocker: DjangoDbBlocker) -> str:
    """Return the hash of the victim's rows before the tests of the module, each of which must leave them as they are."""
    with django_db_blocker.unblock(), rls.as_staff():
        return rows_hash(tenant_pair[1])


@pytest.fixture
def attacker(tenant_pair: tuple[Tenant, Tenant], db: None) -> Tenant:
    return tenant_pair[0]


@pytest.fixture
def victim(tenant_pair: tuple[Tenant, Tenant], db: None) -> Tenant:
    return tenant_pair[1]
