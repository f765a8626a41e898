"""Fixtures of a real browser, Debian's Chromium controlled by Playwright."""

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

# before the module is imported, so that pytest rewrites its asserts
pytest.register_assert_rewrite("tests.e2e.billing_admin_checks")

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

expect.set_options(timeout=20_000)


class Visit:
    """A page in the browser, the hosts that it requested and the errors that it logged."""

    def __init__(self, page: Page, server: str) -> None:
        self.page = page
        self.server = server
        self.hosts: set[str] = set()
        self.problems: list[str] = []
        page.on("request", self._note_request)
        page.on("console", self._note_console)
        page.on("response", self._note_response)
        page.on("requestfailed", self._record_failure)
        page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))

    def open(self, path: str) -> None:
        self.page.goto(self.server + path, wait_until="networkidle")

    def _note_request(self, request: Request) -> None:
        if urlsplit(request.url).scheme not in ("data", "blob"):
            self.hosts.add(urlsplit(request.url).netloc)

    def _record_failure(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # the page aborts a request that the next key press replaces
            self.problems.append(f"failed: {request.url} {request.failure}")

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" or "Alpine" in message.text:  # Alpine only warns of an expression that it cannot parse
            self.problems.append(f"console: {message.text} ({message.location['url']}:{message.location['lineNumber']})")

    def _note_response(self, response: Response) -> None:
        if response.status >= 400:
            self.problems.append(f"{response.status}: {response.url}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    # Playwright keeps an event loop in this thread, where Django would refuse to use the database
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def desktop(browser: Browser) -> BrowserContext:
    """Return a profile of the browser, without cookies and with an empty cache."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    context.set_default_timeout(20_000)
    return context


@pytest.fixture
def visit(browser: Browser, live_server: LiveServer) -> Iterator[Visit]:
    context = desktop(browser)
    yield Visit(context.new_page(), live_server.url)
    context.close()
