"""A list of 50 of one user's transactions, filtered by category and dates."""

import random
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from urllib.parse import urlencode

from benchmarks.contenders.calls import Contender, Request
from benchmarks.data import DAYS, FIRST_DAY, SEED, BenchmarkUsers
from benchmarks.measure import Meter, Result, always, interleaved
from benchmarks.responses import require_equal, response_times
from benchmarks.scale import Scale

COMMON = ("groceries", "dining", "transport")
PAGE = 50
WINDOW = 720  # days; the rarest of COMMON then still fills a page of an ordinary user


def calls(cast: BenchmarkUsers, count: int) -> list[Request]:
    """Requests of users drawn at random, every tenth of the heavy one; each asks for something else."""
    draw = random.Random(SEED)  # noqa: S311 - which user is asked about is no secret
    people = [cast.heavy if number % 10 == 0 else draw.choice(cast.others) for number in range(count)]
    return [Request(token=person.token, query=_query(draw)) for person in people]


def _query(draw: random.Random) -> str:
    first = FIRST_DAY + timedelta(draw.randrange(DAYS - WINDOW))
    last = first + timedelta(WINDOW)
    return urlencode({"category": draw.choice(COMMON), "transaction_date__gte": first, "transaction_date__lte": last})


def run(cast: BenchmarkUsers, contenders: Sequence[Contender], meter: Meter, scale: Scale) -> list[Result]:
    """Measure it, after every contender has answered every tenth call with the same full page."""
    asked = calls(cast, scale.list_requests)
    for call in asked[::10] + asked[1::10]:
        pages = {contender.name: contender.answer(call) for contender in contenders}
        require_equal({name: page.data["results"] for name, page in pages.items()}, rows=PAGE)
    work = {contender.name: always(partial(response_times, contender, asked, 200)) for contender in contenders}
    return interleaved(work, rounds=scale.rounds, meter=meter)
