"""A customer, support and Stripe's stand-in around the live server, all by one clock that only the test moves.

The stand-in is a process of its own and posts signed webhooks to the live server; jobs are carried out as the worker does.
"""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core import mail
from django.db import connections
from django.test import Client
from playwright.sync_api import APIResponse, Locator, Page
from time_machine import Traveller

from dev.factories import PASSWORD
from dev.stripe.emulator import StripeEmulator
from tests.billing.stripe_payments import work
from tests.e2e.conftest import Visit
from tests.sign_in import sign_in
from users.models import User

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
TAKES_PICTURES = os.environ.get("PICTURES") == "1"


def at(written: str) -> datetime:
    """`04-16 09:30` of the year 2026, in UTC."""
    return datetime.strptime(f"2026-{written}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


def said(written: str) -> str:
    """The same instant as the API writes it."""
    return f"{at(written):%Y-%m-%dT%H:%M:%SZ}"


def take_picture(name: str, page: Page, *, whole: bool = True) -> None:
    """Renew docs/images/billing-NAME.png when the run was asked to (PICTURES=1): all of the page, or what fits the window."""
    if not TAKES_PICTURES:
        return
    size = page.viewport_size
    assert size is not None
    # by the window, not by Playwright's full_page: what sticks to the window's edges would be drawn into the middle
    height = max(size["height"], page.evaluate("document.documentElement.scrollHeight") if whole else 0)
    page.set_viewport_size({"width": size["width"], "height": height})
    page.screenshot(path=IMAGES / f"billing-{name}.png")
    page.set_viewport_size(size)


def work_aside() -> None:
    """Carry out what is waiting in a thread of its own: this one has Playwright's event loop, and a worker brings another."""
    with ThreadPoolExecutor(1) as aside:
        aside.submit(work).result()
        aside.submit(connections.close_all).result()


class Caller:
    """A customer's program: the API over HTTP, with a token that he has made after his login."""

    def __init__(self, visit: Visit, user: User) -> None:
        self.visit, self.user = visit, user
        given = {"email": user.email, "password": PASSWORD}
        session = self._send("/_allauth/app/v1/auth/login", given, {}).json()["meta"]["session_token"]
        token = self._send("/api/v1/users/tokens/", {"name": "curl", "scope": "read-write"}, {"X-Session-Token": session})
        self.headers = {"Authorization": f"Bearer {token.json()['token']}"}

    def get(self, path: str) -> Any:
        """The answer's JSON; of a list its rows."""
        answer = self.visit.page.request.get(f"{self.visit.server}/api/v1/billing/{path}", headers=self.headers)
        assert answer.ok, answer.text()
        found = answer.json()
        return found["results"] if isinstance(found, dict) and "results" in found else found

    def post(self, path: str, given: dict[str, Any], *, status: int = 200) -> Any:
        """The answer's JSON."""
        answer = self._send(f"/api/v1/billing/{path}", given, self.headers)
        assert answer.status == status, answer.text()
        return answer.json()

    def _send(self, path: str, given: dict[str, Any], headers: dict[str, str]) -> APIResponse:
        return self.visit.page.request.post(f"{self.visit.server}{path}", data=given, headers=headers)


class SubscriptionScenario:
    """Everything that a subscription's life needs."""

    def __init__(self, stripe: StripeEmulator, clock: Traveller, customer: Visit, user: User) -> None:
        self.stripe, self.clock, self.customer, self.user = stripe, clock, customer, user
        self.page, self.api = customer.page, Caller(customer, user)

    def process_events(self) -> None:
        """Have Stripe post what it has to say, and do what follows."""
        self.stripe.hold_deliveries(False)
        self.stripe.deliver_all()
        assert {made["status"] for made in self.stripe.deliveries()} == {"taken"}
        work_aside()

    def pass_time(self, until: str) -> None:
        """Live on, there and here. What happened meanwhile is heard of with `hear`."""
        self.stripe.hold_deliveries()
        self.stripe.advance(at(until))
        self.clock.move_to(at(until), tick=False)

    def open_portal(self) -> None:
        """The page of Stripe's with the card and the invoices."""
        self.page.goto(self.api.post("subscriptions/portal/", {}, status=201)["url"])

    def change_card(self, label: str) -> None:
        """On the portal."""
        self.page.get_by_label(label).check()
        self.page.get_by_role("button", name="Change card").click()
        self.page.wait_for_load_state("networkidle")

    def subscription(self) -> dict[str, Any]:
        """His only one, as the API gives it."""
        [row] = self.api.get("subscriptions/")
        return dict(row)

    def dates(self) -> dict[str, Any]:
        """What the subscription says of its state, without its keys and stamps."""
        hidden = ("id", "plan", "stripe_subscription_id", "stripe_customer_id", "created_at", "updated_at")
        return {name: value for name, value in self.subscription().items() if name not in hidden}

    def invoices(self) -> list[tuple[Any, ...]]:
        """Of each invoice, the newest first: its day, amount, refunded amount, status, when it was paid, days overdue."""
        names = ("billing_date", "amount", "amount_refunded", "status", "paid_at", "days_overdue")
        return [tuple(row[name] for name in names) for row in self.api.get("history/")]

    def open_features(self) -> dict[str, int | None]:
        """The features that can be used now, with how often; None is without a limit."""
        return {row["feature_name"]: row["usage_remaining"] for row in self.api.get("feature-access/") if row["can_use"]}

    def verdict(self, feature: str = "ai_insights") -> dict[str, Any]:
        """What the API explains: the same by the feature's name and on its row."""
        by_name = self.api.get(f"feature-access/explanation/?feature_name={feature}")
        [row] = self.api.get(f"feature-access/?feature_name={feature}")
        assert self.api.get(f"feature-access/{row['id']}/explanation/") == by_name
        assert row["can_use"] is by_name["verdict"]["is_enabled"]
        return dict(by_name["verdict"])

    def told(self) -> list[str]:
        """The subjects of the customer's mails since this was asked last."""
        his = [message for message in mail.outbox if message.to == [self.user.email]]
        subjects = [str(message.subject).removeprefix("[MINGUS] ") for message in his]
        mail.outbox.clear()
        return subjects


class BackOfficePages:
    """The back office as a colleague sees it who has just shown his second factor."""

    def __init__(self, visit: Visit) -> None:
        self.visit, self.page = visit, visit.page

    def enter(self, colleague: User) -> None:
        """As somebody, or as somebody else; a session lasts for hours, and this life for months."""
        client = Client()
        sign_in(client, colleague)
        session = str(client.cookies["sessionid"].value)
        self.page.context.add_cookies([{"name": "sessionid", "value": session, "url": self.visit.server}])

    def timeline(self, subscription: str) -> list[str]:
        """What the subscription's page tells, the newest first: instant and title."""
        self.visit.open(f"/admin/billing/subscription/{subscription}/change/")
        entries = self.page.locator(".mingus-timeline").first.locator("li")
        titles = entries.evaluate_all("rows => rows.map(row => row.children[1].innerText + ' ' + row.children[2].innerText)")
        return [str(title).removeprefix("2026-") for title in titles]

    def offered(self) -> list[str]:
        """The buttons on the open page."""
        names = ("Cancel at period end", "Cancel now", "Reactivate", "Refund", "Approve", "Decline", "Save")
        return [name for name in names if self.button(name).count() or self.page.get_by_role("button", name=name).count()]

    def button(self, name: str) -> Locator:
        """One of the page's own. To the browser its name begins with that of its icon."""
        return self.page.get_by_role("link", name=re.compile(rf"(^|\s){name}$"))

    def line(self, label: str) -> Locator:
        """A value on the page that can't be changed there, with its label."""
        return self.page.locator(".field-line", has=self.page.get_by_text(label, exact=True))

    def monthly_recurring_revenue(self) -> list[str]:
        """The first table on the page of the metrics: a row's figures."""
        self.visit.open("/admin/billing/subscription/metrics/")
        rows = self.page.locator("section").first.locator("tbody tr")
        return [" ".join(row.split()) for row in rows.all_inner_texts()]

    def press(self, name: str) -> None:
        """A button and its question."""
        self.button(name).click()
        self.page.get_by_role("button", name=name, exact=True).click()
        self.page.wait_for_load_state("networkidle")


def assert_quiet(life: SubscriptionScenario, office: BackOfficePages) -> None:
    """No page complained, and none asked another host than our server and Stripe's."""
    assert life.customer.complaints + office.visit.complaints == []
    ours, stripes = urlsplit(life.customer.server).netloc, urlsplit(life.stripe.url).netloc
    assert life.customer.hosts == {ours, stripes}
    assert office.visit.hosts == {ours}
