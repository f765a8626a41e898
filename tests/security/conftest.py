"""Two furnished customers, and one caller of each kind: nobody, a customer, programs and colleagues in his name, each role."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from core import clock
from dev.factories import TokenFactory, UserFactory
from mingus.roles_table import ANONYMOUS, IMPERSONATOR, READ_TOKEN
from tests.conftest import Storing
from tests.security.tenants import Tenant, create_tenant
from tests.sign_in import sign_in
from users import impersonation, staff_groups
from users.models import User
from users.roles import CUSTOMER, ROLES

Colleague = Callable[[str], User]


def account_of(role: str) -> User:
    """An account of the role that is named."""
    user = UserFactory.create(email=f"{role}@example.com")
    staff_groups.assign_role(user, role)
    return user


@pytest.fixture
def colleague(db: None) -> Colleague:
    return account_of


@cache
def middleware() -> Any:
    """The middleware once: each client would load it anew, and WhiteNoise looks for every static file then."""
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


def at_desk(user: User) -> Client:
    client: Client = client_of(Client)
    sign_in(client, user)
    return client


@pytest.fixture
def as_customer(alice: User, colleague: Colleague) -> APIClient:
    """Support in Alice's name."""
    _, text = impersonation.start(customer=alice, staff=colleague("support"), reason="Ticket 4711", now=clock.now())
    return with_authorization(f"Impersonation {text}")


@dataclass(frozen=True)
class Company:
    """A caller of each kind at the API, and each role at its desk in the back office."""

    callers: dict[str, APIClient]
    desks: dict[str, Client]


@pytest.fixture(scope="module")
def company(storing: Storing) -> Company:
    """Stored once: to sign them all in takes longer than a test."""
    with storing():
        return _found_company()


def _found_company() -> Company:
    customer = UserFactory.create(email="customer@example.com")
    colleagues = {role: account_of(role) for role in ROLES}
    _, text = impersonation.start(customer=customer, staff=colleagues["support"], reason="Ticket 4711", now=clock.now())
    callers = {
        ANONYMOUS: client_of(),
        CUSTOMER: in_session(customer),
        READ_TOKEN: with_authorization(f"Bearer {TokenFactory(user=customer, scope='read').text}"),
        IMPERSONATOR: with_authorization(f"Impersonation {text}"),
    }
    staff_callers = {role: in_session(user) for role, user in colleagues.items()}
    return Company(callers | staff_callers, {role: at_desk(user) for role, user in colleagues.items()})


@pytest.fixture
def callers(company: Company, db: None) -> dict[str, APIClient]:
    return company.callers


@pytest.fixture
def desks(company: Company, db: None) -> dict[str, Client]:
    return company.desks


@pytest.fixture(scope="module")
def settled(storing: Storing) -> tuple[Tenant, Tenant]:
    """Two customers with everything that a customer can have. Stored once: it takes longer than a test."""
    with storing():
        return create_tenant(1), create_tenant(2)


@pytest.fixture
def attacker(settled: tuple[Tenant, Tenant], db: None) -> Tenant:
    return settled[0]


@pytest.fixture
def victim(settled: tuple[Tenant, Tenant], db: None) -> Tenant:
    return settled[1]
