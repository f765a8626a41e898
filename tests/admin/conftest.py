"""A browser that is signed in to the back office."""

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
    """The back office as an administrator sees it."""
    return signed_in(administrator)


@pytest.fixture
def viewer(staff: User) -> User:
    """A colleague who may look at everything and change nothing."""
    staff.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return staff


@pytest.fixture
def support(staff: User) -> User:
    """A staff member in the group of support."""
    staff.groups.set([Group.objects.get(name="support")])
    return staff
