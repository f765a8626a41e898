"""Fixtures of the back office: staff members and their signed-in browsers."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client

from tests.sign_in import sign_in
from users.models import User

SignedIn = Callable[[User], Client]


@pytest.fixture
def signed_in() -> SignedIn:
    def client_of(user: User) -> Client:
        client = Client()
        sign_in(client, user)
        return client

    return client_of


@pytest.fixture
def office(administrator: User, signed_in: SignedIn) -> Client:
    """Return an administrator's browser."""
    return signed_in(administrator)


@pytest.fixture
def viewer(staff: User) -> User:
    """Return a staff member with every view permission and no other."""
    staff.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return staff


@pytest.fixture
def support(staff: User) -> User:
    """Return a staff member with the role support."""
    staff.groups.set([Group.objects.get(name="support")])
    return staff


@pytest.fixture
def desk(support: User, signed_in: SignedIn) -> Client:
    """Return the browser of a staff member with the role support."""
    return signed_in(support)
