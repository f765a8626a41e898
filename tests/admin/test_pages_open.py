"""Access to every page of the back office for administrators, other staff and customers."""

import pytest
from django.db.models import Model
from django.test import Client

from tests.admin.conftest import SignedIn
from tests.admin.pages import REGISTERED, make, name, page_url
from users.models import Approval, User

pytestmark = pytest.mark.django_db
models = pytest.mark.parametrize("model", REGISTERED, ids=name)


@models
def test_the_list_opens(model: type[Model], office: Client) -> None:
    row = make(model)
    response = office.get(page_url(model, "changelist"))
    assert response.status_code == 200
    assert page_url(model, "change", row.pk) in response.content.decode()


@models
def test_the_page_of_a_row_opens(model: type[Model], office: Client) -> None:
    assert office.get(page_url(model, "change", make(model).pk)).status_code == 200


@models
def test_the_history_of_a_row_opens(model: type[Model], office: Client) -> None:
    assert office.get(page_url(model, "history", make(model).pk)).status_code == 200


@models
def test_the_add_page_opens_where_the_list_links_to_it(model: type[Model], office: Client) -> None:
    response = office.get(page_url(model, "add"))
    may_add = response.status_code == 200
    assert response.status_code in (200, 403)
    page = office.get(page_url(model, "changelist")).content.decode()
    assert (f'href="{page_url(model, "add")}' in page) is may_add  # the word alone may be part of a random token


@pytest.mark.parametrize("model", [model for model in REGISTERED if model is not Approval], ids=name)  # see test_approvals.py
def test_staff_with_view_permissions_open_it_and_add_nothing(model: type[Model], viewer: User, signed_in: SignedIn) -> None:
    row = make(model)
    client = signed_in(viewer)
    assert client.get(page_url(model, "changelist")).status_code == 200
    assert client.get(page_url(model, "change", row.pk)).status_code == 200
    assert client.get(page_url(model, "add")).status_code == 403


@models
def test_staff_without_permissions_see_nothing(model: type[Model], staff: User, signed_in: SignedIn) -> None:
    row = make(model)
    client = signed_in(staff)
    assert client.get(page_url(model, "changelist")).status_code == 403
    assert client.get(page_url(model, "change", row.pk)).status_code == 403


@models
def test_a_customer_is_sent_to_the_login(model: type[Model], alice: User, signed_in: SignedIn) -> None:
    response = signed_in(alice).get(page_url(model, "changelist"))
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/admin/login/")
