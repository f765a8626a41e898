"""The requests of each part, and the servers that receive them."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import psycopg
from django.conf import settings

from benchmarks.api_contract import PATH
from benchmarks.data import BenchmarkUser, BenchmarkUsers
from benchmarks.lists import draw_lists
from benchmarks.posts import draw_purchases
from benchmarks.production import connection_parameters
from benchmarks.servers.load import HttpRequest, Replay, fetch
from benchmarks.servers.processes import Server

COUNT = 200  # different requests of a part
KEYS = """
SELECT user_id, array_agg(id ORDER BY id)
  FROM (SELECT user_id, id, row_number() OVER (PARTITION BY user_id ORDER BY id) AS number
          FROM finance_financialtransaction) AS numbered
 WHERE number <= 20
 GROUP BY user_id
"""


@dataclass(frozen=True, slots=True)
class Entrant:
    """A server with the requests that it receives. Those of another checkout have other keys."""

    name: str
    server: str
    replay: Replay
    has_other_keys: bool = False


@dataclass(frozen=True, slots=True)
class Credential:
    """A kind of credential. MINGUS has three, of which the other frameworks have the first."""

    name: str
    headers: Callable[[BenchmarkUser], dict[str, str]]


TOKEN = Credential("token", lambda person: {"Authorization": f"Bearer {person.token}"})
SESSION = Credential("session token", lambda person: {"X-Session-Token": person.session})
COOKIE = Credential("cookie", lambda person: {"Cookie": f"{settings.SESSION_COOKIE_NAME}={person.session}"})


@dataclass(frozen=True, slots=True)
class Population:
    """The users of a database, and some keys of each user's transactions."""

    users: BenchmarkUsers
    keys: dict[UUID, list[UUID]]

    @classmethod
    def of(cls, users: BenchmarkUsers, database: str) -> "Population":
        with psycopg.connect(**connection_parameters(database)) as plain:
            return cls(users, dict(plain.execute(KEYS).fetchall()))

    def lists(self, credential: Credential) -> Replay:
        """Return requests for lists of 50, filtered by category and dates."""
        drawn = draw_lists(self.users, COUNT)
        return Replay([HttpRequest("GET", f"{PATH}?{query}", credential.headers(person)) for person, query in drawn])

    def objects(self, credential: Credential) -> Replay:
        """Return requests for single transactions."""
        return Replay([HttpRequest("GET", path, credential.headers(person)) for person, path in self._rows()])

    def posts(self, credential: Credential) -> Replay:
        """Return requests that create transactions."""
        drawn = draw_purchases(self.users, COUNT)
        return Replay([HttpRequest("POST", PATH, credential.headers(person), body) for person, body in drawn], status=201)

    def posts_with_key(self, credential: Credential) -> Replay:
        """Return the same with a new `Idempotency-Key` each time."""
        drawn = draw_purchases(self.users, COUNT)
        key = {"Idempotency-Key": "@KEY@"}
        requests = [HttpRequest("POST", PATH, credential.headers(person) | key, body) for person, body in drawn]
        return Replay(requests, status=201, is_template=True)

    def patches(self, credential: Credential) -> Replay:
        """Return requests that change a transaction, for each connection its own, with the tag of its last state."""
        body, condition = b'{"description": "Changed @NUMBER@"}', {"If-Match": "@ETAG@"}
        requests = [HttpRequest("PATCH", path, credential.headers(person) | condition, body) for person, path in self._rows()]
        return Replay(requests, is_template=True, is_conditional=True)

    def _rows(self) -> list[tuple[BenchmarkUser, str]]:
        """Return users with the paths of their transactions, first one of each user."""
        people = [*self.users.others, self.users.heavy]
        numbered = [(person, number) for number in range(20) for person in people]
        return [(person, f"{PATH}{self.keys[person.id][number]}/") for person, number in numbered][:COUNT]


def unchanged(server: Server, lists: Replay) -> Replay | None:
    """Return the requests of lists with the tags of what the caller already has, None if the lists have no tags."""
    tags = [fetch(server.port, request).etag for request in lists.requests]
    if not all(tags):
        return None
    conditional = [
        HttpRequest(request.method, request.path, request.headers | {"If-None-Match": tag})
        for request, tag in zip(lists.requests, tags, strict=True)
    ]
    return Replay(conditional, status=304)
