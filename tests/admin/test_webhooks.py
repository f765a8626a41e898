"""Webhooks in the back office: staff disable one, and never see its secrets."""

import pytest
from django.test import Client

from dev.factories import WebhookEndpointFactory, WebhookMessageFactory
from tests.admin.pages import page_url
from users.models import User, WebhookEndpoint, WebhookMessage

pytestmark = pytest.mark.django_db
SUBMITTED = {"_form_submitted": "True"}


@pytest.fixture
def webhook(alice: User) -> WebhookEndpoint:
    return WebhookEndpointFactory(user=alice)


def test_staff_disable_a_webhook(office: Client, webhook: WebhookEndpoint) -> None:
    own = {"user": webhook.user, "endpoint": webhook}
    waiting = WebhookMessageFactory(**own, status="pending", next_attempt_at=webhook.created_at)
    office.post(f"/admin/users/webhookendpoint/{webhook.pk}/disable/", SUBMITTED)
    row = WebhookEndpoint.objects.get()
    assert (row.is_enabled, row.disabled_reason) == (False, "support")
    assert WebhookMessage.objects.get(pk=waiting.pk).status == "failed"


def test_a_disabled_webhook_has_no_button(office: Client, webhook: WebhookEndpoint) -> None:
    page = page_url(WebhookEndpoint, "change", webhook.pk)
    assert f"{webhook.pk}/disable/" in office.get(page).content.decode()
    WebhookEndpoint.objects.update(is_enabled=False)
    assert f"{webhook.pk}/disable/" not in office.get(page).content.decode()


def test_the_secret_is_on_no_page(office: Client, webhook: WebhookEndpoint) -> None:
    pages = [page_url(WebhookEndpoint, "changelist"), page_url(WebhookEndpoint, "change", webhook.pk)]
    texts = [office.get(page).content.decode() for page in pages]
    assert all(webhook.name in text and webhook.secret not in text and "secret</" not in text for text in texts)
