"""Faults of requests and deliveries, for a number of times or with a seeded probability.

Kinds for requests: `error` (500 in JSON), `html` (500 in HTML), `rate_limit` (429, with Retry-After if `seconds` are given),
`lock_timeout` (429), `forbidden` (403 of a restricted key without `permission`), `drop` (the connection ends before the
request is handled), `drop_after` (it ends afterwards), `slow` (by `seconds`), `down` (every request's connection ends).
Kinds for deliveries: `duplicate`, `reorder`, `delay` (by `seconds` of the clock), `lose` (no attempt is ever made).
"""

import random
import re
import threading
from dataclasses import dataclass, field
from typing import Any

REQUESTS = ("error", "html", "rate_limit", "lock_timeout", "forbidden", "drop", "drop_after", "slow", "down")
DELIVERIES = ("duplicate", "reorder", "delay", "lose")


@dataclass
class Fault:
    """A fault that occurs `count` times (None: always) or with a `probability` each time.

    `path` is a regular expression that is searched in the request's path, or in the event's type.
    """

    kind: str
    path: str = ""
    method: str = ""
    count: int | None = None
    probability: float = 1.0
    seed: int = 0
    seconds: float = 0
    permission: str = "rak_customer_read"
    dice: random.Random = field(init=False)
    happened: int = 0

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)

    def applies_to(self, method: str, path: str) -> bool:
        """Return True if the fault occurs this time, and count it."""
        if self.method not in ("", method) or not re.search(self.path, path) or self.count == 0:
            return False
        if self.probability < 1 and self.dice.random() >= self.probability:
            return False
        self.count = None if self.count is None else self.count - 1
        self.happened += 1
        return True


class Faults:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.added: list[Fault] = []

    def add(self, **given: Any) -> Fault:
        """Add a fault. Raise ValueError for an unknown kind."""
        fault = Fault(**given)
        if fault.kind not in REQUESTS + DELIVERIES:
            raise ValueError(f"no such fault: {fault.kind}")
        with self.lock:
            self.added.append(fault)
        return fault

    def clear(self) -> None:
        with self.lock:
            self.added.clear()

    def next_fault(self, kinds: tuple[str, ...], method: str, path: str) -> Fault | None:
        """Return the first fault of these kinds that occurs now."""
        with self.lock:
            return next((fault for fault in self.added if fault.kind in kinds and fault.applies_to(method, path)), None)
