"""Many concurrent users, each with a persistent connection: `python -m tests.integration.users URL SECONDS`.

Reads the users' tokens from standard input, one a line, and writes one JSON object: the number of requests, the unexpected
responses, and the 50th and 99th percentile of the response time in milliseconds.
"""

import asyncio
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from uuid import UUID

import orjson

LISTS = (
    "finance/transactions/?category=groceries&limit=50",
    "finance/transactions/?ordering=amount",
    "finance/transactions/search/?search=coffee",
    "finance/accounts/",
    "health/checkins/",
    "system/alerts/",
    "billing/plans/",
)
WRITES = 5  # one of five requests writes
# each user has their own client IP address, so that none reaches the rate limit of another
HEAD = "Host: {host}\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: {address}\r\nAuthorization: Bearer {token}\r\n"
PAUSE = 0.2  # least seconds between a response and the next request; at most twice as many


@dataclass
class Log:
    """Response times in seconds and errors of all users."""

    waits: list[float] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)


class User:
    """A user with one connection."""

    def __init__(self, host: str, port: int, token: str, log: Log, *, number: int) -> None:
        self.host, self.port, self.log = host, port, log
        self.head = HEAD.format(host=host, token=token, address=f"198.51.100.{number}")
        self.draw = random.Random(token)

    async def run(self, until: float) -> None:
        """Send requests until a time of the monotonic clock. A broken connection is logged and reopened."""
        while time.monotonic() < until:
            try:
                reader, writer = await asyncio.open_connection(self.host, self.port)
                account = UUID((await self._send(reader, writer, "GET", LISTS[3]))["results"][0]["id"])
                while time.monotonic() < until:
                    await self._one(reader, writer, account)
                    await asyncio.sleep(PAUSE * (1 + self.draw.random()))
                writer.close()
            except (OSError, EOFError, ValueError, LookupError) as error:
                self.log.wrong[type(error).__name__] += 1
                await asyncio.sleep(PAUSE)

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, account: UUID) -> None:
        if self.draw.randrange(WRITES):
            await self._send(reader, writer, "GET", self.draw.choice(LISTS))
            return
        body = {
            "financial_profile": str(account),
            "transaction_type": "expense",
            "amount": f"-{self.draw.randrange(1, 90)}.25",
            "category": "groceries",
            "transaction_date": "2026-03-02",
            "description": "coffee",
        }
        created = await self._send(reader, writer, "POST", "finance/transactions/", orjson.dumps(body))
        if created.get("amount") != body["amount"]:
            self.log.wrong[f"POST returned {created}"] += 1

    async def _send(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, method: str, path: str, body: bytes = b""
    ) -> dict:
        length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
        start = time.perf_counter()
        writer.write(f"{method} /api/v1/{path} HTTP/1.1\r\n{self.head}{length}\r\n".encode() + body)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines[1:] if line)
        content = await reader.readexactly(int(headers["content-length"]))
        self.log.waits.append(time.perf_counter() - start)
        status = lines[0].split()[1]
        if status != ("201" if method == "POST" else "200"):
            self.log.wrong[f"{method} {path}: {status} {content[:200].decode()}"] += 1
        return dict(orjson.loads(content))


async def run_users(url: str, seconds: float, tokens: list[str]) -> Log:
    """Run all users concurrently."""
    parts, log, until = urlsplit(url), Log(), time.monotonic() + seconds
    users = [User(parts.hostname or "", parts.port or 80, token, log, number=number) for number, token in enumerate(tokens)]
    await asyncio.gather(*(user.run(until) for user in users))
    return log


if __name__ == "__main__":
    log = asyncio.run(run_users(sys.argv[1], float(sys.argv[2]), sys.stdin.read().split()))
    waits = sorted(log.waits)
    p50, p99 = (round(1000 * waits[len(waits) * percent // 100], 1) for percent in (50, 99))
    result = {"requests": len(waits), "wrong": dict(log.wrong.most_common(20)), "p50": p50, "p99": p99}
    sys.stdout.write(orjson.dumps(result).decode() + "\n")
