"""Two furnished customers, and one caller of each kind: nobody, a customer, programs and colleagues in his name, each role."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from pytest_django import DjangoDbBlocker
from rest_framework.test import APIClient

from mingus.access_table import ANONYMOUS, IMPERSONATOR, READ_TOKEN
from mingus.kit import clock, rls
from tests.conftest import ClientFor
from tests.factories import UserFactory
from tests.security.tenants import Tenant, settle
from tests.sign_in import sign_in
from users import impersonation, staff
from users.models import User
from users.roles import CUSTOMER, ROLES

Colleague = Callable[[str], User]


@pytest.fixture
def colleague(db: None) -> Colleague:
    """An account of the role that is named."""

    def account_of(role: str) -> User:
        user = UserFactory.create(email=f"{role}@example.com")
        staff.assign_role(user, role)
        return user

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


def at_desk(user: User) -> Client:
    client: Client = client_of(Client)
    sign_in(client, user)
    return client


@pytest.fixture
def as_customer(alice: User, colleague: Colleague) -> APIClient:
    """Support in Alice's name."""
    _, text = impersonation.begin(customer=alice, staff=colleague("support"), reason="Ticket 4711", now=clock.now())
    client: APIClient = client_of(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Impersonation {text}")
    return client


@pytest.fixture
def callers(alice: User, api: ClientFor, as_customer: APIClient, colleague: Colleague) -> dict[str, APIClient]:
    known = User.objects.get(email="support@example.com")
    reader: Any = api(alice, "read")
    reader.handler._middleware_chain = middleware()
    clients = {role: in_session(known if role == "support" else colleague(role)) for role in ROLES}
    own = {ANONYMOUS: client_of(), CUSTOMER: in_session(alice), READ_TOKEN: reader, IMPERSONATOR: as_customer}
    return own | clients


@pytest.fixture
def desks(colleague: Colleague) -> dict[str, Client]:
    """The back office as each role sees it."""
    return {role: at_desk(colleague(role)) for role in ROLES}


@pytest.fixture(scope="module")
def settled(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[Tenant, Tenant]]:
    """Two customers with everything that a customer can have. Stored once: it takes longer than a test."""
    with django_db_blocker.unblock(), transaction.atomic():
        with rls.everybody():
            found = settle(1), settle(2)
        yield found
        transaction.set_rollback(True)


@pytest.fixture
def attacker(settled: tuple[Tenant, Tenant], db: None) -> Tenant:
    return settled[0]


@pytest.fixture
def victim(settled: tuple[Tenant, Tenant], db: None) -> Tenant:
    return settled[1]
