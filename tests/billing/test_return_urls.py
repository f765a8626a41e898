"""URLs to which Stripe sends a customer back: pages and apps that the operator permits, and no others."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from billing.models import SubscriptionPlan
from billing.stripe.return_urls import is_allowed
from dev.stripe.emulator import StripeEmulator
from tests.billing.test_checkout import CHECKOUT, PORTAL

pytestmark = pytest.mark.django_db
PAGE, APP = "https://app.example.com/billing/done?id={CHECKOUT_SESSION_ID}", "mingus://billing/done"


@pytest.fixture(autouse=True)
def permitted(settings: Settings) -> None:
    settings.RETURN_URLS = ["https://app.example.com/billing/", "mingus://billing/"]
    settings.FRONTEND_URL, settings.SITE_URL = "https://front.example.com", "https://api.example.com"


def begin(client: APIClient, plan: SubscriptionPlan, **urls: str) -> Any:
    return client.post(CHECKOUT, {"plan": str(plan.pk), **urls}, format="json")


def test_a_checkout_returns_to_the_given_pages(as_alice: APIClient, mid_tier: SubscriptionPlan, stripe: StripeEmulator) -> None:
    given = {"success_url": PAGE, "cancel_url": "https://app.example.com/billing/"}
    page = stripe.get(f"/v1/checkout/sessions/{begin(as_alice, mid_tier, **given).json()['id']}")
    assert {name: page[name] for name in given} == given


def test_without_urls_it_returns_to_the_front_end(
    as_alice: APIClient, mid_tier: SubscriptionPlan, stripe: StripeEmulator
) -> None:
    page = stripe.get(f"/v1/checkout/sessions/{begin(as_alice, mid_tier).json()['id']}")
    assert page["success_url"] == "https://front.example.com/billing/return/?checkout={CHECKOUT_SESSION_ID}"


def test_an_app_is_opened_by_a_button_of_our_page(
    as_alice: APIClient, mid_tier: SubscriptionPlan, stripe: StripeEmulator
) -> None:
    page = stripe.get(f"/v1/checkout/sessions/{begin(as_alice, mid_tier, success_url=APP).json()['id']}")
    path = page["success_url"].removeprefix("https://api.example.com")
    assert f'href="{APP}"' in Client().get(path).content.decode()


def test_other_urls_open_a_new_page(as_alice: APIClient, mid_tier: SubscriptionPlan, stripe: StripeEmulator) -> None:
    first = begin(as_alice, mid_tier).json()["id"]
    second = begin(as_alice, mid_tier, success_url=PAGE).json()["id"]
    assert begin(as_alice, mid_tier, success_url=PAGE).json()["id"] == second != first
    assert stripe.get(f"/v1/checkout/sessions/{first}")["status"] == "expired"


def test_the_portal_returns_to_a_given_page(as_alice: APIClient, mid_tier: SubscriptionPlan, stripe: StripeEmulator) -> None:
    begin(as_alice, mid_tier)
    assert as_alice.post(PORTAL, {"return_url": "https://app.example.com/billing/"}, format="json").status_code == 201


@pytest.mark.parametrize(("path", "field"), [(CHECKOUT, "success_url"), (CHECKOUT, "cancel_url"), (PORTAL, "return_url")])
def test_an_url_that_is_not_permitted_is_a_400(path: str, field: str, as_alice: APIClient, mid_tier: SubscriptionPlan) -> None:
    response = as_alice.post(path, {"plan": str(mid_tier.pk)} | {field: "https://evil.example/"}, format="json")
    if path == PORTAL:
        response = as_alice.post(path, {field: "https://evil.example/"}, format="json")
    [error] = response.json()["errors"]
    assert (response.status_code, error["code"], error["attr"]) == (400, "url_not_allowed", field)
    assert "https://app.example.com/billing/" in error["detail"]


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example.com.evil.example/billing/",
        "https://app.example.com@evil.example/billing/",
        "https://evil.example\\@app.example.com/billing/",
        "https://app.example.com:444/billing/",
        "http://app.example.com/billing/",
        "https://app.example.com/billing-of-others/",
        "https://app.example.com/billing/../admin/",
        "https://app.example.com/billing/%2E%2e/admin/",
        "https://app.example.com/",
        "//app.example.com/billing/",
        "https://[app.example.com/billing/",
        "https://app.example.com\u2100/billing/",
        "javascript://billing/%0aalert(1)",
        "mingus://other/",
        " https://app.example.com/billing/",
        "https://app.example.com/billing/\n",
        "https://app.example.com/billing/" + "a" * 500,
        "",
    ],
)
def test_a_url_that_only_looks_like_a_permitted_one(url: str) -> None:
    assert not is_allowed(url)


@pytest.mark.parametrize(
    "url", [PAGE, APP, "HTTPS://app.example.com/billing", "https://front.example.com/any/page?a=b", "mingus://billing"]
)
def test_a_permitted_url(url: str) -> None:
    assert is_allowed(url)


def test_our_page_leads_to_no_other_site() -> None:
    for url in ("https://evil.example/", "https://[evil.example/"):
        assert "evil.example" not in Client().get("/billing/return/", {"to": url}).content.decode()
