"""`python -m dev.stripe --port 12111 --state FILE --webhook-url … --webhook-secret …`."""

import argparse
import signal
import sys
import threading
from datetime import UTC, datetime
from typing import Any

from dev.stripe.application import Application
from dev.stripe.emulator import KEY
from dev.stripe.resources.events_and_test_clocks import register
from dev.stripe.server import Server, serve


def instant(text: str) -> datetime:
    """Return an ISO date or time as an instant, in UTC unless it has another time zone."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m dev.stripe", description=__doc__)
    parser.add_argument("--port", type=int, default=12111)
    parser.add_argument("--key", default=KEY, help="the secret key that clients must send")
    parser.add_argument("--state", help="an SQLite file that stores all objects across restarts, even after kill -9")
    parser.add_argument("--webhook-url", help="the URL to which events are posted")
    parser.add_argument("--webhook-secret", action="append", default=[], help="the signing secret; give two during a rotation")
    parser.add_argument("--now", type=instant, help="the time at which the clock stops until it is advanced")
    parser.add_argument("--tied", action="store_true", help="exit when standard input ends, with the parent process")
    return parser.parse_args()


def prepare(application: Application, chosen: argparse.Namespace) -> None:
    """Set the clock and the webhook endpoint by the command line."""
    account = application.account
    with application.store.transaction():
        if chosen.now and account.settings["frozen"] is None:
            account.settings["frozen"] = int(chosen.now.timestamp())
        if chosen.webhook_url:
            known = application.store.where("webhook_endpoint", url=chosen.webhook_url)
            endpoint = known[0] if known else register(account, [], url=chosen.webhook_url)
            endpoint["_"]["secrets"] = chosen.webhook_secret


def end_with_input(server: Server) -> None:
    """Shut down when standard input ends, which is when the parent process ends."""
    sys.stdin.read()
    server.shutdown()


def main() -> int:
    """Serve until SIGTERM or SIGINT."""
    chosen = options()
    application = Application(f"http://127.0.0.1:{chosen.port}", chosen.key, chosen.state)
    prepare(application, chosen)
    server = Server(chosen.port, application)

    def end(number: int, frame: Any) -> None:
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN if chosen.tied else end)
    if chosen.tied:
        threading.Thread(target=end_with_input, args=[server], daemon=True).start()
    sys.stdout.write(f"Stripe emulator on {application.account.url}: no real card, no money\n")
    sys.stdout.flush()
    serve(server)
    return 0


if __name__ == "__main__":
    sys.exit(main())
