"""Searches for one word: of a user with few rows against their plain list, of one with many against the same LIKE in SQL."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from urllib.parse import urlencode

import psycopg

from benchmarks import data
from benchmarks.contenders import mingus_api
from benchmarks.contenders.calls import Request
from benchmarks.data import BenchmarkUser, BenchmarkUsers
from benchmarks.measure import Meter, Result, always, interleaved, timed
from benchmarks.production import DATABASE, connection_parameters
from benchmarks.responses import response_times
from benchmarks.scale import Scale

FEW = 200  # rows
PAGE = 50
FREQUENT, RARE = "card", "000123"  # in every row, in one row
LIKE = """
SELECT id FROM finance_financialtransaction WHERE user_id = %s AND search_text LIKE %s
ORDER BY transaction_date DESC, id DESC LIMIT 51
"""
GOALS = {"few": 1.3, "many": 1.2}
HEAD = "| user | work | median, ms | × the first | goal |\n|---|---|---|---|---|"
SEARCHES = {
    f'search for a word in every row (`"{FREQUENT}"`)': FREQUENT,
    f'search for a word in one row (`"{RARE}"`)': RARE,
    "search by category": "category:groceries",
    "search by a rare category": "category:fees",
    "search by four conditions": "odeon amount>50 date:2024..2025 -tag:work",
    "search in the description": f"description:{FREQUENT}",
}


@dataclass(frozen=True, slots=True)
class Searches:
    """Results for a user with few rows, and for one with many rows."""

    few: list[Result]
    many: list[Result]
    rows: int


def run(users: BenchmarkUsers, meter: Meter, scale: Scale) -> Searches:
    """Measure in turns. The first contender of each user is what the others are compared with."""
    few, many, requests = _user_with(FEW), users.heavy, max(scale.list_requests // 10, 5)
    plain = {"plain list": always(_reads(few, {}, requests))}
    of_few = {name: always(_reads(few, {"search": search}, requests)) for name, search in SEARCHES.items()}
    with psycopg.connect(**connection_parameters(), autocommit=True) as owner:
        like = {"the same LIKE in SQL, for a word in one row": always(lambda: [_like(owner, many)])}
        of_many = {name: always(_reads(many, {"search": search}, 1)) for name, search in SEARCHES.items()}
        return Searches(
            few=interleaved(plain | of_few, rounds=scale.rounds, meter=meter),
            many=interleaved(like | of_many, rounds=scale.rounds, meter=meter),
            rows=scale.rows // 2,
        )


def table(found: Searches) -> str:
    """Return the results as Markdown."""
    lines = [
        f"| {rows:,} rows | {result.name} | {result.p50 * 1000:.2f} | {result.wall_ratio.median:.2f}"
        f" | {f'at most {GOALS[user]}' if result.name in _bounded(results) else ''} |"
        for user, rows, results in (("few", FEW, found.few), ("many", found.rows, found.many))
        for result in results
    ]
    return "\n".join([HEAD, *lines])


def _bounded(results: list[Result]) -> set[str]:
    """Return the names of the results that have a goal: searches for one word; of many rows the one that reads all of them."""
    words = list(SEARCHES)[:2]
    return set(words) if results[0].name == "plain list" else {words[1]}


def _reads(person: BenchmarkUser, query: dict[str, str], number: int) -> Callable[[], list[float]]:
    request = Request(token=person.token, query=urlencode({"limit": PAGE, **query}))
    return partial(response_times, mingus_api.contender(), [request] * number, 200)


def _like(owner: "psycopg.Connection[tuple[object]]", person: BenchmarkUser) -> float:
    return timed(lambda: owner.execute(LIKE, [person.id, f"% {RARE} %"], prepare=True).fetchall())


def _user_with(rows: int) -> BenchmarkUser:
    """Create a user with so many transactions."""
    [person] = data.people(["few@example.com"])
    draw, names = random.Random(data.SEED), list(data.CATEGORIES)  # noqa: S311 - invented money
    with psycopg.connect(**connection_parameters(DATABASE), autocommit=True) as plain:
        with plain.cursor() as cursor, cursor.copy(data.COPY) as copy:
            for number in range(rows):
                day = data.FIRST_DAY + timedelta(number)
                copy.write_row(data.transaction(person, draw, number=number, category=names[number % len(names)], day=day))
        plain.execute("VACUUM ANALYZE finance_financialtransaction")
    return person
