"""POST of one transaction, committed."""

import random
from collections.abc import Sequence
from functools import partial

import orjson

from benchmarks.contenders.calls import Contender, Request, WithKey
from benchmarks.data import SEED, SHOPS, BenchmarkUser, BenchmarkUsers
from benchmarks.measure import Meter, Result, always, interleaved
from benchmarks.responses import require_equal, response_times
from benchmarks.scale import Scale

GENERATED_FIELDS = ("id", "created_at", "updated_at")


def make_requests(users: BenchmarkUsers, count: int) -> list[Request]:
    """Return requests that create purchases of ordinary users."""
    return [Request(token=person.token, body=body) for person, body in draw_purchases(users, count)]


def draw_purchases(users: BenchmarkUsers, count: int) -> list[tuple[BenchmarkUser, bytes]]:
    """Return random ordinary users, each with the body of a request that creates a purchase."""
    draw = random.Random(SEED)  # noqa: S311 - invented money
    people = (draw.choice(users.others) for _ in range(count))
    return [(person, _purchase(person, draw)) for person in people]


def _purchase(person: BenchmarkUser, draw: random.Random) -> bytes:
    shop = draw.choice(SHOPS)
    body = {
        "financial_profile": str(person.account),
        "transaction_type": "expense",
        "amount": f"-{draw.randrange(1, 200)}.{draw.randrange(100):02}",
        "description": f"CARD PURCHASE {shop.upper()}",
        "category": "groceries",
        "merchant_name": shop,
        "transaction_date": "2026-03-01",
        "posted_date": "2026-03-02",
        "status": "completed",
        "metadata": {"source": "benchmark", "terminal": draw.randrange(10_000)},
    }
    return orjson.dumps(body)


def run(users: BenchmarkUsers, contenders: Sequence[Contender], meter: Meter, scale: Scale) -> list[Result]:
    """Measure POST after checking that all responses are equal. MINGUS is also measured with an Idempotency-Key."""
    requests = make_requests(users, scale.post_requests)
    entrants = [*contenders, *(WithKey(contender) for contender in contenders if contender.name == "MINGUS")]
    for request in requests[:10]:
        rows = {contender.name: [contender.handle(request).data] for contender in entrants}
        require_equal(rows, rows=1, ignored=GENERATED_FIELDS)
    work = {contender.name: always(partial(response_times, contender, requests, 201)) for contender in entrants}
    return interleaved(work, rounds=scale.rounds, meter=meter)
