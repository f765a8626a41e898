"""The store of objects: in memory, and with a file also in SQLite, which is written before the response is sent.

There is one writer at a time. Reading an object returns a copy that belongs to the transaction. The end of the transaction
stores the copies that differ. A failed request changes nothing. The key `_` of an object has the fields that Stripe hides.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import orjson

from dev.stripe.errors import ApiError

Obj = dict[str, Any]
LINKS = ("customer", "subscription", "invoice", "charge", "payment_intent", "product")


def links(obj: Obj) -> Iterator[str]:
    """Yield the index entries of an object, which avoid a search through all objects of its kind."""
    for link in LINKS:
        value = obj.get(link) or obj.get("_", {}).get(link)
        if isinstance(value, str):
            yield f"{obj['object']}.{link}={value}"


def matches(obj: Obj, values: dict[str, object]) -> bool:
    """Return True if the fields, or the hidden fields, have these values."""
    return all(obj.get(key, obj.get("_", {}).get(key)) == value for key, value in values.items())


def created_at(obj: Obj) -> int:
    """Return the time of an object's creation in seconds since 1970, 0 for one that has none. Invoice items call it `date`."""
    at = obj.get("created", obj.get("date"))
    return at if isinstance(at, int) else 0


@dataclass
class Index:
    """The ids of the objects with a property, in the order in which they got it.

    `latest` has at each place the latest `created` up to there, so that a list from a time on need not read what is older.
    """

    names: list[str] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    latest: list[int] = field(default_factory=list)

    def add(self, name: str, created: int) -> None:
        """Add an id unless it is known."""
        if name not in self.places:
            self.places[name] = len(self.names)
            self.names.append(name)
            self.latest.append(max(created, self.latest[-1] if self.latest else 0))

    def newest_first(self, after: str | None, since: int) -> Iterator[str]:
        """Yield the ids, newest first, from the one below `after` to the oldest that can be of the time `since` or later."""
        for place in range(self.places[after] if after else len(self.names), 0, -1):
            if self.latest[place - 1] < since:
                return
            yield self.names[place - 1]


class Store:
    def __init__(self, file: str | None = None) -> None:
        self.lock = threading.RLock()
        self.rows: dict[str, bytes] = {}
        self.index: dict[str, Index] = {}
        self.open: dict[str, Obj] = {}
        self.depth = 0
        self.listeners: list[Callable[[list[Obj]], None]] = []
        self.database = opened(file) if file else None
        if self.database:
            for name, body in self.database.execute("SELECT id, body FROM object ORDER BY number"):
                self.rows[name] = body
                self.enter(orjson.loads(body))

    def enter(self, obj: Obj) -> None:
        """Add an object to the index. Stale entries are harmless, because `where` checks the object itself."""
        for name in (obj["object"], *links(obj)):
            self.index.setdefault(name, Index()).add(obj["id"], created_at(obj))

    def add(self, obj: Obj) -> Obj:
        """Store a new object, or one whose links changed, and return it."""
        self.open[obj["id"]] = obj
        self.enter(obj)
        return obj

    def find(self, name: object) -> Obj | None:
        """Return the object of an id, None if there is none."""
        key = str(name)
        if key not in self.open:
            body = self.rows.get(key)
            if body is None:
                return None
            self.open[key] = orjson.loads(body)
        return self.open[key]

    def get(self, name: object) -> Obj:
        """Return the object of an id, which must exist."""
        found = self.find(name)
        if found is None:
            raise KeyError(name)
        return found

    def where(self, kind: str, **values: object) -> list[Obj]:
        """Return the objects of a kind whose fields (or hidden fields) have these values, oldest first."""
        found = map(self.find, list(self.index_of(kind, values).names))
        return [obj for obj in found if obj is not None and matches(obj, values)]

    def where_read_only(self, kind: str, **values: object) -> list[Obj]:
        """Return the same objects as `where`, without adding them to the transaction. This is fast, and changes are lost."""
        found = map(self.find_read_only, list(self.index_of(kind, values).names))
        return [obj for obj in found if obj is not None and matches(obj, values)]

    def newest_first(self, kind: str, after: str | None, since: int, **values: object) -> Iterator[Obj]:
        """Return those of `where_read_only` newest first, below `after`. Those from before `since` may be left out."""
        found = map(self.find_read_only, self.index_of(kind, values).newest_first(after, since))
        return (obj for obj in found if obj is not None and matches(obj, values))

    def find_read_only(self, name: str) -> Obj | None:
        """Return an object without adding it to the transaction."""
        if name in self.open:
            return self.open[name]
        body = self.rows.get(name)
        return None if body is None else orjson.loads(body)

    def index_of(self, kind: str, values: dict[str, object]) -> Index:
        """Return the shortest index that has the objects of a kind with these values."""
        linked = [f"{kind}.{name}={value}" for name, value in values.items() if name in LINKS and isinstance(value, str)]
        return min((self.index.get(name, Index()) for name in linked or [kind]), key=lambda index: len(index.names))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run the block as a transaction, or as part of the one around it."""
        with self.lock:
            self.depth += 1
            try:
                yield
            except ApiError as error:
                if self.depth == 1 and error.keeps_work:
                    self.commit()
                raise
            else:
                if self.depth == 1:
                    self.commit()
            finally:
                self.depth -= 1
                if self.depth == 0:
                    self.open.clear()

    @contextmanager
    def sandbox(self) -> Iterator[None]:
        """Undo all changes at the end of the block."""
        before = deepcopy(self.open)
        try:
            yield
        finally:
            self.open = before

    def commit(self) -> None:
        """Store the changed objects, first in the file."""
        bodies = {name: orjson.dumps(obj) for name, obj in self.open.items()}
        changed = {name: body for name, body in bodies.items() if self.rows.get(name) != body}
        if self.database and changed:
            write(self.database, changed)
        self.rows.update(changed)
        objects = [self.open[name] for name in changed]
        for listener in self.listeners:
            listener(objects)

    def clear(self) -> None:
        with self.lock:
            self.rows.clear()
            self.index.clear()
            self.open.clear()
            if self.database:
                self.database.execute("DELETE FROM object")
                self.database.commit()


def opened(file: str) -> sqlite3.Connection:
    """Open a database whose committed transactions survive `kill -9`."""
    database = sqlite3.connect(file, check_same_thread=False)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute(
        "CREATE TABLE IF NOT EXISTS object (number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, body BLOB NOT NULL)"
    )
    return database


def write(database: sqlite3.Connection, changed: dict[str, bytes]) -> None:
    """Write changed objects in one SQLite transaction."""
    upsert = "INSERT INTO object (id, body) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body"
    with database:
        database.executemany(upsert, changed.items())
