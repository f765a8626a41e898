"""Every page of the back office opens, for an administrator and for a colleague who may only look."""

import pytest
from django.db.models import Model
from django.test import Client

from tests.admin.conftest import SignedIn
from tests.admin.pages import REGISTERED, address, make, name
from users.models import User

pytestmark = pytest.mark.django_db
models = pytest.mark.parametrize("model", REGISTERED, ids=name)


@models
def test_the_list_opens(model: type[Model], office: Client) -> None:
    row = make(model)
    answer = office.get(address(model, "changelist"))
    assert answer.status_code == 200
    assert address(model, "change", row.pk) in answer.content.decode()


@models
def test_the_page_of_a_row_opens(model: type[Model], office: Client) -> None:
    assert office.get(address(model, "change", make(model).pk)).status_code == 200


@models
def test_the_history_of_a_row_opens(model: type[Model], office: Client) -> None:
    assert office.get(address(model, "history", make(model).pk)).status_code == 200


@models
def test_the_page_for_adding_opens_unless_it_is_a_record(model: type[Model], office: Client) -> None:
    answer = office.get(address(model, "add"))
    may_add = answer.status_code == 200
    assert answer.status_code in (200, 403)
    page = office.get(address(model, "changelist")).content.decode()
    assert (f'href="{address(model, "add")}' in page) is may_add  # the word alone may stand in a random token


@models
def test_a_colleague_who_may_only_look_sees_the_same(model: type[Model], viewer: User, signed_in: SignedIn) -> None:
    row = make(model)
    client = signed_in(viewer)
    assert client.get(address(model, "changelist")).status_code == 200
    assert client.get(address(model, "change", row.pk)).status_code == 200
    assert client.get(address(model, "add")).status_code == 403


@models
def test_a_colleague_without_permissions_sees_nothing(model: type[Model], staff: User, signed_in: SignedIn) -> None:
    row = make(model)
    client = signed_in(staff)
    assert client.get(address(model, "changelist")).status_code == 403
    assert client.get(address(model, "change", row.pk)).status_code == 403


@models
def test_a_customer_is_sent_to_the_login(model: type[Model], alice: User, signed_in: SignedIn) -> None:
    answer = signed_in(alice).get(address(model, "changelist"))
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/admin/login/")
