"""The scheduler of objects' next actions, such as the renewal of a subscription."""

import heapq
import itertools
from collections.abc import Callable, Mapping

from dev.stripe.account import Account
from dev.stripe.store import Obj

Due = Callable[[Account, Obj], int | None]
Act = Callable[[Account, Obj], None]


class Scheduler:
    """The time of every object's next action, by clock ("" is the account's own)."""

    def __init__(self, account: Account, kinds: Mapping[str, tuple[Due, Act]]) -> None:
        self.account, self.kinds = account, kinds
        self.heaps: dict[str, list[tuple[int, int, str]]] = {}
        self.current: dict[str, int] = {}
        self.count = itertools.count()
        account.store.listeners.append(self.note)
        with account.store.transaction():
            self.note([obj for kind in kinds for obj in account.store.where(kind)])

    def note(self, changed: list[Obj]) -> None:
        """Remember when changed objects are due."""
        for obj in changed:
            if obj["object"] not in self.kinds:
                continue
            at = self.kinds[obj["object"]][0](self.account, obj)
            if at is None:
                self.current.pop(obj["id"], None)
            elif self.current.get(obj["id"]) != at:
                self.current[obj["id"]] = at
                heap = self.heaps.setdefault(self.account.clock_of(obj) or "", [])
                heapq.heappush(heap, (at, next(self.count), obj["id"]))

    def next_at(self, clock: str) -> int | None:
        """Return the time of the next action by a clock."""
        heap = self.heaps.get(clock, [])
        while heap and self.current.get(heap[0][2]) != heap[0][0]:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def step(self, clock: str, until: int) -> bool:
        """Run the next action that is due by `until`, in a transaction at its time. Return False if there is none."""
        with self.account.store.transaction():
            at = self.next_at(clock)
            if at is None or at > until:
                return False
            name = heapq.heappop(self.heaps[clock])[2]
            self.current.pop(name, None)
            self.account.move(clock, at)
            self.account.acting_at[clock] = at
            try:
                self.act(name)
            finally:
                del self.account.acting_at[clock]
        return True

    def act(self, name: str) -> None:
        """Run an object's action. Note its changes at once, because a test clock advances within one transaction."""
        obj = self.account.store.find(name)
        if obj is not None:
            self.kinds[obj["object"]][1](self.account, obj)
            self.note(list(self.account.store.open.values()))

    def clear(self) -> None:
        self.heaps.clear()
        self.current.clear()
