"""Every page of the back office opens for each role over the rows of the demo."""

import pytest
from django.core.management import call_command
from django.db.models import Model
from django.test import Client, override_settings

from mingus.roles_table import PAGES, pages, registered_admins
from tests.admin.demo_pages import pages_without_row, urls_of
from tests.admin.pages import REGISTERED, make, name, page_url
from tests.conftest import Storing
from tests.sign_in import sign_in
from users.models import User
from users.roles import ADMINISTRATOR, ROLES

pytestmark = pytest.mark.django_db
# Filters do the same for every role. Each list is filtered as the first role that may view it, which sees most values masked
FILTERED_AS = {page.model: next(role for role in ROLES if PAGES[0] in pages(page, ROLES[role])) for page in registered_admins()}
OPEN = (200, 302, 403)  # a button that opens a page is a redirect; another role's page is refused


@pytest.fixture(scope="module")
def clients(storing: Storing) -> dict[str, Client]:
    """Load the demo once for all tests, add rows that it lacks, and return the browser of each role."""
    with override_settings(DEBUG=True), storing():
        call_command("demo", no_serve=True, few=True)
        for model in REGISTERED:
            if not model._default_manager.exists():
                make(model)
        return {role: client_of("admin" if role == ADMINISTRATOR else role) for role in ROLES}


def client_of(member: str) -> Client:
    client = Client(raise_request_exception=False)
    sign_in(client, User.objects.get(email=f"{member}@mingus.example"))
    return client


@pytest.mark.long
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("model", REGISTERED, ids=name)
def test_its_pages_open(model: type[Model], role: str, clients: dict[str, Client]) -> None:
    client = clients[role]
    statuses = {url: client.get(url).status_code for url in urls_of(model, client, with_filters=FILTERED_AS[model] == role)}
    assert {url: status for url, status in statuses.items() if status not in OPEN} == {}


def test_support_opens_lists_pages_and_filters(clients: dict[str, Client]) -> None:
    """Check that the test above opens something."""
    statuses = [clients["support"].get(url).status_code for url in urls_of(User, clients["support"])]
    assert (statuses.count(200) > 10, max(statuses)) == (True, 403)


@pytest.mark.parametrize("role", ROLES)
def test_the_pages_without_a_row_open(role: str, clients: dict[str, Client]) -> None:
    statuses = {url: clients[role].get(url).status_code for url in pages_without_row()}
    assert {url: status for url, status in statuses.items() if status not in OPEN} == {}
    assert {"/admin/", "/admin/roles/", "/admin/billing/subscription/metrics/"} <= statuses.keys()


@pytest.mark.parametrize("role", ROLES)
def test_lists_are_exported(role: str, clients: dict[str, Client]) -> None:
    statuses = {name(model): exported(model, clients[role]) for model in REGISTERED}
    assert {title: found for title, found in statuses.items() if found not in ("file", "refused")} == {}
    assert "file" in statuses.values()


def exported(model: type[Model], client: Client) -> str:
    """Return what the action that exports all rows of a list leads to."""
    row = model._default_manager.values_list("pk", flat=True)[0]
    form = {"action": "export_csv", "select_across": "1", "_selected_action": str(row), "index": "0"}
    response = client.post(page_url(model, "changelist"), form)
    if response.status_code == 403:
        return "refused"
    return "file" if response.get("Content-Disposition") and list(response) else f"status {response.status_code}"
