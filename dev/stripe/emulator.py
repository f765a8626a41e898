"""The client that starts and controls an emulator in a process of its own."""

import http.client
import socket
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import orjson

from dev.stripe.account_controls import AccountControls
from dev.stripe.bank_client import BankClient

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT = 20.0
KEY = "sk_test_emulator"


class EmulatorError(Exception):
    """A command that the emulator refused, with its reason."""


class EmulatorClient(AccountControls, BankClient):
    """A client of a running emulator. `url` goes into `base_addresses={"api": url}`, `key` into the library's client."""

    def __init__(self, url: str, key: str = KEY) -> None:
        self.url, self.key = url, key

    def send_command(self, command: str, **given: Any) -> Any:
        """Send a command of `control_api`."""
        status, response = self.request_json("POST", f"/_control/{command}", orjson.dumps(given))
        if status != 200:
            raise EmulatorError(response["error"])
        return response

    def request_json(self, method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
        """Send a request without the library. Return the status and the JSON."""
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=300)
        try:
            connection.request(method, path, body, {"Authorization": f"Bearer {self.key}"})
            response = connection.getresponse()
            return response.status, orjson.loads(response.read())
        finally:
            connection.close()

    def now(self) -> int:
        """Return the account's time in seconds since 1970."""
        return int(self.send_command("clock")["now"])

    def freeze(self, at: datetime) -> None:
        """Stop the account's clock at an instant, which may be in the past."""
        self.send_command("clock", freeze=int(at.timestamp()))

    def advance(self, to: datetime | int, *, deliver: bool = False) -> int:
        """Advance by a number of seconds or to a datetime. With `deliver`, webhooks are posted between the steps."""
        target = {"to": int(to.timestamp())} if isinstance(to, datetime) else {"advance": to}
        return int(self.send_command("clock", **target, deliver=deliver)["now"])

    def fault(self, kind: str, **given: Any) -> None:
        """Add a fault; see `faults.Fault`: `path`, `method`, `count`, `probability`, `seed`, `seconds`."""
        self.send_command("fault", kind=kind, **given)

    def clear_faults(self) -> None:
        self.send_command("clear_faults")

    def hold_deliveries(self, held: bool = True) -> None:
        """Hold webhooks back until `hold_deliveries(False)` or `deliver_all()`."""
        self.send_command("hold", held=held)

    def deliver_all(self) -> list[dict[str, Any]]:
        """Post every pending webhook, and those that they cause. Return `{event, type, status}` of each post."""
        return self.send_command("deliver")["posted"]

    def redeliver(self, event: str) -> None:
        self.send_command("redeliver", event=event)

    def set(self, **settings: Any) -> dict[str, Any]:
        """Change `api_version`, `retry_days`, `after_last_retry`, `signs_with` or `debit_days`, and return all settings."""
        chosen: dict[str, Any] = self.send_command("settings", **settings)
        return chosen

    def endpoint(self, url: str, *secrets: str, **given: Any) -> str:
        """Register an endpoint with its secrets (several during a rotation), or change those of a known URL."""
        return str(self.send_command("endpoint", url=url, secrets=list(secrets), **given)["id"])

    def complete_checkout(self, session: str, card: str | None = "visa", **given: Any) -> dict[str, Any]:
        """Complete a checkout page as a customer does. `card` is a name of `METHODS`."""
        return self.send_command("complete_checkout", session=session, card=card, **given)

    def change_card(self, customer: str, card: str) -> None:
        """Change the card or bank account in the portal as a customer does, to a name of `METHODS`."""
        self.send_command("change_card", customer=customer, card=card)

    def pay_invoice(self, invoice: str, card: str, *, authenticated: bool = False) -> str:
        """Pay on the page of an open invoice as a customer does, with another card or bank account. Return the result."""
        return str(self.send_command("pay_invoice", invoice=invoice, card=card, authenticated=authenticated)["result"])

    def authenticate(self, payment_intent: str, *, succeed: bool = True) -> str:
        """Complete or fail the bank's authentication as a customer does. Return the payment intent's status."""
        return str(self.send_command("authenticate_payment", payment_intent=payment_intent, succeed=succeed)["status"])

    def events(self, after: str = "") -> list[dict[str, Any]]:
        """Return all events as the API shows them, oldest first, also those that are too old for it; or those `after` one."""
        return list(self.send_command("events", after=after)["events"])

    def get(self, path: str) -> Any:
        """Request a path of the API without the library."""
        return self.request_json("GET", path)[1]

    def requests(self) -> list[dict[str, Any]]:
        """Return the received requests: method, path, status, idempotency_key, fault, broken."""
        return self.send_command("requests")["requests"]

    def request_counts(self) -> Counter[str]:
        """Return the numbers of all requests by method and resource, such as `GET invoices`."""
        return Counter(self.send_command("requests")["counts"])

    def deliveries(self) -> list[dict[str, Any]]:
        """Return every delivery: event, type, status (pending, taken, failed), responses."""
        return self.send_command("deliveries")["deliveries"]

    def play(self, steps: list[dict[str, Any]], *, seed: str, until: datetime, label: str) -> None:
        """Play a history on the stopped clock, which then runs on from `until`. See `playback`; `set()` returns the label."""
        self.send_command("play", steps=steps, seed=seed, ends=int(until.timestamp()), label=label)

    def drop_state(self, *, everything: bool = False) -> None:
        """Delete every object and fault; with `everything` also endpoints, settings and the clock."""
        self.send_command("drop_state", everything=everything)


class StripeEmulator(EmulatorClient):
    """An emulator in a process of its own, which ends with the `with` block or `stop()`."""

    def __init__(self, url: str, key: str, process: subprocess.Popen[bytes]) -> None:
        super().__init__(url, key)
        self.process = process

    @classmethod
    def start(
        cls,
        *,
        now: datetime | None = None,
        state: Path | None = None,
        webhook_url: str = "",
        webhook_secret: str = "",
        port: int = 0,
        tied: bool = False,
    ) -> Self:
        """Start an emulator. With `now` its clock stops there; a `tied` one ends with this process."""
        if not port:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
        arguments = ["--port", str(port), "--key", KEY]
        arguments += ["--now", now.isoformat()] if now else []
        arguments += ["--state", str(state)] if state else []
        arguments += ["--webhook-url", webhook_url, "--webhook-secret", webhook_secret] if webhook_url else []
        arguments += ["--tied"] if tied else []
        process = subprocess.Popen(
            [sys.executable, "-m", "dev.stripe", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE if tied else None,
            stdout=subprocess.DEVNULL,
        )
        started = cls(f"http://127.0.0.1:{port}", KEY, process)
        started.wait_until_ready()
        return started

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            try:
                self.send_command("clock")
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    self.stop()
                    raise
                time.sleep(0.02)
            else:
                return

    def kill(self) -> None:
        """End the process with SIGKILL, which gives it no time to clean up."""
        self.process.kill()
        self.process.wait(START_TIMEOUT)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(START_TIMEOUT)
        if self.process.stdin:
            self.process.stdin.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()
