"""The API's documentation in the browser, without a request to another host."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Visit

APPS = ["users", "system", "billing", "finance", "health", "career", "analytics"]
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def test_swagger_ui_shows_the_apps_from_local_assets(visit: Visit) -> None:
    visit.open("/api/docs/")
    expect(visit.page.locator(".info .title")).to_contain_text("MINGUS API")
    expect(visit.page.locator(".opblock-tag")).to_contain_text(APPS)
    visit.page.locator(".opblock-tag", has_text="health").click()
    expect(visit.page.locator(".opblock").first).to_be_visible()
    assert visit.hosts == {urlsplit(visit.server).netloc}
    assert visit.problems == []


def test_an_operation_expands_with_its_example(visit: Visit) -> None:
    visit.open("/api/docs/")
    visit.page.locator(".opblock-tag", has_text="career").click()
    visit.page.locator("#operations-career-createCareerMilestone").click()
    expect(visit.page.locator(".opblock.is-open")).to_contain_text("milestone_name")
    assert visit.problems == []
