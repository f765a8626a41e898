"""Screenshots for docs/images of the back office that `make demo` serves: tools/screenshots.py [http://127.0.0.1:8000]."""

import os
import subprocess  # nosec B404
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

SITE = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
QUIET = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
DEMO_CODE = ["make", "--silent", "manage", "ARGS=demo_code"]
PASSWORD = "penny-wise-42"  # noqa: S105 - published in dev.demo.users  # nosec B105
LISTS = {
    "transactions": "finance/financialtransaction",
    "check-ins": "health/userhealthcheckin",
    "alerts": "system/systemalert",
    "subscriptions": "billing/subscription",
}


def main() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=QUIET)
        page = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US").new_page()
        log_in(page)
        for name, path in LISTS.items():
            page.goto(f"{SITE}/admin/{path}/", wait_until="networkidle")
            page.screenshot(path=IMAGES / f"{name}.png")
        page.goto(f"{SITE}/admin/users/user/?q=alice", wait_until="networkidle")
        page.get_by_role("link", name="alice@mingus.example").click()
        page.locator("#tabs-items").get_by_text("Transactions", exact=True).click()
        page.wait_for_load_state("networkidle")
        page.screenshot(path=IMAGES / "customer.png")
        browser.close()


def log_in(page: Page) -> None:
    page.goto(f"{SITE}/admin/")
    page.get_by_label("Email").fill("admin@mingus.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_label("Code").fill(subprocess.check_output(DEMO_CODE, text=True).split()[0])  # noqa: S603  # nosec B603
    page.get_by_role("button", name="Continue").click()
    page.wait_for_load_state("networkidle")


if __name__ == "__main__":
    main()
