"""A customer, the back office and the Stripe emulator around the live server, with one clock that the test moves.

The emulator is a separate process that posts signed webhooks to the live server. Jobs run as in the worker.
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

from core import clock
from dev.factories import PASSWORD
from dev.stripe.emulator import StripeEmulator
from tests.billing.stripe_payments import run_jobs
from tests.e2e.conftest import Visit
from tests.sign_in import sign_in
from users.models import User

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
TAKES_PICTURES = os.environ.get("PICTURES") == "1"


def at(written: str) -> datetime:
    """Return an instant of 2026 in UTC from text such as `04-16 09:30`."""
    return datetime.strptime(f"2026-{written}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


def api_time(written: str) -> str:
    """Return the same instant as the API writes it."""
    return f"{at(written):%Y-%m-%dT%H:%M:%SZ}"


def take_picture(name: str, page: Page, *, whole: bool = True) -> None:
    """Save docs/images/billing-NAME.png if PICTURES=1: the whole page, or the part that fits the window."""
    if not TAKES_PICTURES:
        return
    size = page.viewport_size
    assert size is not None
    # resize the window, as Playwright's full_page would draw sticky elements into the middle
    height = max(size["height"], page.evaluate("document.documentElement.scrollHeight") if whole else 0)
    page.set_viewport_size({"width": size["width"], "height": height})
    page.screenshot(path=IMAGES / f"billing-{name}.png")
    page.set_viewport_size(size)


def run_jobs_in_thread() -> None:
    """Run the waiting jobs in another thread, as this one has Playwright's event loop and a worker starts its own."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(run_jobs).result()
        pool.submit(connections.close_all).result()


class Caller:
    """An API client over HTTP with a session. Its plan does not include tokens."""

    def __init__(self, visit: Visit, user: User) -> None:
        self.visit, self.user = visit, user
        self._headers: dict[str, str] = {}
        self._logged_in_at: datetime | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The header of a session that began at the present instant, as sessions do not last for the months of the test."""
        if self._logged_in_at != clock.now():
            given = {"email": self.user.email, "password": PASSWORD}
            session = self._send("/_allauth/app/v1/auth/login", given, {}).json()["meta"]["session_token"]
            self._headers, self._logged_in_at = {"X-Session-Token": session}, clock.now()
        return self._headers

    def get(self, path: str) -> Any:
        """Return the JSON of the response, or its rows if it is a list."""
        response = self.visit.page.request.get(f"{self.visit.server}/api/v1/billing/{path}", headers=self.headers)
        assert response.ok, response.text()
        body = response.json()
        return body["results"] if isinstance(body, dict) and "results" in body else body

    def post(self, path: str, given: dict[str, Any], *, status: int = 200) -> Any:
        """Return the JSON of the response."""
        response = self._send(f"/api/v1/billing/{path}", given, self.headers)
        assert response.status == status, response.text()
        return response.json()

    def _send(self, path: str, given: dict[str, Any], headers: dict[str, str]) -> APIResponse:
        return self.visit.page.request.post(f"{self.visit.server}{path}", data=given, headers=headers)


DATES = (
    "status",
    "is_active",
    "is_trial",
    "current_period_start",
    "current_period_end",
    "cancel_at_period_end",
    "canceled_at",
    "trial_start",
    "trial_end",
    "days_until_renewal",
)


class SubscriptionScenario:
    """A customer in the browser and in the API, the Stripe emulator and the clock."""

    def __init__(self, stripe: StripeEmulator, clock: Traveller, customer: Visit, user: User) -> None:
        self.stripe, self.clock, self.customer, self.user = stripe, clock, customer, user
        self.page, self.api = customer.page, Caller(customer, user)

    def process_events(self) -> None:
        """Deliver all of Stripe's events and run the jobs that they enqueue."""
        self.stripe.hold_deliveries(False)
        self.stripe.deliver_all()
        assert {row["status"] for row in self.stripe.deliveries()} == {"taken"}
        run_jobs_in_thread()

    def pass_time(self, until: str) -> None:
        """Move both clocks. Events of the time between arrive with `process_events`."""
        self.stripe.hold_deliveries()
        self.stripe.advance(at(until))
        self.clock.move_to(at(until), tick=False)

    def open_portal(self) -> None:
        """Open Stripe's page with the card and the invoices."""
        self.page.goto(self.api.post("subscriptions/portal/", {}, status=201)["url"])

    def change_card(self, label: str) -> None:
        """Choose another card on the billing portal."""
        self.page.get_by_label(label).check()
        self.page.get_by_role("button", name="Change card").click()
        self.page.wait_for_load_state("networkidle")

    def subscription(self) -> dict[str, Any]:
        """Return the customer's only subscription from the API."""
        [row] = self.api.get("subscriptions/")
        return dict(row)

    def dates(self) -> dict[str, Any]:
        """Return the subscription's status and the dates of its trial, its period and its cancellation."""
        return {name: value for name, value in self.subscription().items() if name in DATES}

    def next_charge(self) -> tuple[str | None, str | None]:
        """Return the time and the amount of the subscription's next charge."""
        found = self.subscription()
        return found["next_charge_at"], found["next_charge_amount"]

    def invoices(self) -> list[tuple[Any, ...]]:
        """Return each invoice's date, amount, refunded amount, status, payment time and days overdue, newest first."""
        names = ("billing_date", "amount", "amount_refunded", "status", "paid_at", "days_overdue")
        return [tuple(row[name] for name in names) for row in self.api.get("history/")]

    def open_features(self) -> dict[str, int | None]:
        """Return the remaining uses of each usable feature, None for no limit."""
        return {row["feature_name"]: row["usage_remaining"] for row in self.api.get("feature-access/") if row["can_use"]}

    def verdict(self, feature: str = "ai_insights") -> dict[str, Any]:
        """Return the API's explanation of a feature, after comparing both endpoints."""
        by_name = self.api.get(f"feature-access/explanation/?feature_name={feature}")
        [row] = self.api.get(f"feature-access/?feature_name={feature}")
        assert self.api.get(f"feature-access/{row['id']}/explanation/") == by_name
        assert row["can_use"] is by_name["verdict"]["is_enabled"]
        return dict(by_name["verdict"])

    def new_mail_subjects(self) -> list[str]:
        """Return the subjects of the customer's mails since the last call."""
        messages = [message for message in mail.outbox if message.to == [self.user.email]]
        subjects = [str(message.subject).removeprefix("[MINGUS] ") for message in messages]
        mail.outbox.clear()
        return subjects


class BackOfficePages:
    """The back office as a staff member sees it just after the second factor."""

    def __init__(self, visit: Visit) -> None:
        self.visit, self.page = visit, visit.page

    def enter(self, user: User) -> None:
        """Sign in, also again later, as a session lasts for hours and this test for months."""
        client = Client()
        sign_in(client, user)
        session = str(client.cookies["sessionid"].value)
        self.page.context.add_cookies([{"name": "sessionid", "value": session, "url": self.visit.server}])

    def timeline(self, subscription: str) -> list[str]:
        """Return the instant and title of each entry of the subscription's timeline, newest first."""
        self.visit.open(f"/admin/billing/subscription/{subscription}/change/")
        entries = self.page.locator(".mingus-timeline").first.locator("li")
        titles = entries.evaluate_all("rows => rows.map(row => row.children[1].innerText + ' ' + row.children[2].innerText)")
        return [str(title).removeprefix("2026-") for title in titles]

    def buttons(self) -> list[str]:
        """Return the names of the buttons on the open page."""
        names = ("Cancel at period end", "Cancel now", "Reactivate", "Refund", "Approve", "Decline", "Save")
        return [name for name in names if self.button(name).count() or self.page.get_by_role("button", name=name).count()]

    def button(self, name: str) -> Locator:
        """Return a button of the page. Its accessible name begins with the name of its icon."""
        return self.page.get_by_role("link", name=re.compile(rf"(^|\s){name}$"))

    def line(self, label: str) -> Locator:
        """Return a read-only field of the page with its label."""
        return self.page.locator(".field-line", has=self.page.get_by_text(label, exact=True))

    def monthly_recurring_revenue(self) -> list[str]:
        """Return the rows of the first table on the metrics page."""
        self.visit.open("/admin/billing/subscription/metrics/")
        rows = self.page.locator("section").first.locator("tbody tr")
        return [" ".join(row.split()) for row in rows.all_inner_texts()]

    def press(self, name: str) -> None:
        """Press a button and confirm."""
        self.button(name).click()
        self.page.get_by_role("button", name=name, exact=True).click()
        self.page.wait_for_load_state("networkidle")


def assert_no_problems(flow: SubscriptionScenario, office: BackOfficePages) -> None:
    """Check that no page logged an error or requested another host than the server and the emulator."""
    assert flow.customer.problems + office.visit.problems == []
    ours, stripes = urlsplit(flow.customer.server).netloc, urlsplit(flow.stripe.url).netloc
    assert flow.customer.hosts == {ours, stripes}
    assert office.visit.hosts == {ours}
