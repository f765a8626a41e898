"""Every list, form, page and history of the back office opens in a real browser without an error."""

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from playwright.sync_api import Browser, BrowserContext
from pytest_django.live_server_helper import LiveServer

from core.admin.readonly_admin import ReadOnlyMixin
from tests.admin.pages import REGISTERED, make, name, page_url
from tests.e2e.conftest import Visit, desktop
from tests.sign_in import sign_in
from users.models import User

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

ADDABLE = [model for model in REGISTERED if not isinstance(admin.site._registry[model], ReadOnlyMixin)]


@pytest.fixture(scope="module")
def shared_context(browser: Browser) -> Iterator[BrowserContext]:
    """Share one profile, which loads the scripts and styles only once."""
    context = desktop(browser)
    yield context
    context.close()


@pytest.fixture
def office(shared_context: BrowserContext, live_server: LiveServer, administrator: User) -> Iterator[Visit]:
    """Return the back office with the session of an administrator."""
    client = Client()
    sign_in(client, administrator)
    shared_context.clear_cookies()
    shared_context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    visit = Visit(shared_context.new_page(), live_server.url)
    yield visit
    visit.page.close()


@pytest.mark.parametrize("model", REGISTERED, ids=name)
def test_its_pages_open_without_an_error(model: type[Model], office: Visit) -> None:
    row = make(model, 3)
    office.open(page_url(model, "changelist"))
    assert office.page.locator("#result_list tbody tr").count() >= 3
    office.open(page_url(model, "change", row.pk))
    assert office.page.locator("#content").is_visible()
    office.open(page_url(model, "history", row.pk))
    assert office.problems == []


@pytest.mark.parametrize("model", ADDABLE, ids=name)
def test_the_form_for_a_new_row_opens(model: type[Model], office: Visit) -> None:
    office.open(page_url(model, "add"))
    assert office.page.get_by_role("button", name="Save", exact=True).is_visible()
    assert office.problems == []
