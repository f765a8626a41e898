"""A list of 50 of one user's transactions, filtered by category and dates."""

import random
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from urllib.parse import urlencode

from benchmarks.contenders.calls import Contender, Request
from benchmarks.data import DAYS, FIRST_DAY, SEED, BenchmarkUser, BenchmarkUsers
from benchmarks.measure import Meter, Result, always, interleaved
from benchmarks.responses import require_equal, response_times
from benchmarks.scale import Scale

COMMON = ("groceries", "dining", "transport")
PAGE = 50
WINDOW = 720  # days, in which even the rarest category fills a page of an ordinary user


def make_requests(users: BenchmarkUsers, count: int) -> list[Request]:
    """Return requests for the drawn lists by token."""
    return [Request(token=person.token, query=query) for person, query in draw_lists(users, count)]


def draw_lists(users: BenchmarkUsers, count: int) -> list[tuple[BenchmarkUser, str]]:
    """Return random users, every tenth of them the heavy user, each with the query of a list."""
    draw = random.Random(SEED)  # noqa: S311 - the choice of users is not secret
    people = [users.heavy if number % 10 == 0 else draw.choice(users.others) for number in range(count)]
    return [(person, _query(draw)) for person in people]


def _query(draw: random.Random) -> str:
    first = FIRST_DAY + timedelta(draw.randrange(DAYS - WINDOW))
    last = first + timedelta(WINDOW)
    return urlencode({"category": draw.choice(COMMON), "transaction_date__gte": first, "transaction_date__lte": last})


def run(users: BenchmarkUsers, contenders: Sequence[Contender], meter: Meter, scale: Scale) -> list[Result]:
    """Measure the list after checking that all contenders return the same full pages."""
    requests = make_requests(users, scale.list_requests)
    for request in requests[::10] + requests[1::10]:
        pages = {contender.name: contender.handle(request) for contender in contenders}
        require_equal({name: page.data["results"] for name, page in pages.items()}, rows=PAGE)
    work = {contender.name: always(partial(response_times, contender, requests, 200)) for contender in contenders}
    return interleaved(work, rounds=scale.rounds, meter=meter)
