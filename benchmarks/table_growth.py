"""Whether an answer takes as long in a large table as in a small one, and for who has much as for who has little.

The table grows between two measurements, so these can't take turns, and each is compared with the same one in the small table.
On a machine that is not ours alone the same work takes a third longer for some seconds, so a few calls at a time take turns
with a list whose table does not grow, and their times are divided by what that takes more than at first.
"""

from datetime import timedelta
from functools import partial
from statistics import median
from urllib.parse import parse_qs, urlencode, urlsplit

import psycopg
from django.contrib.auth import get_user_model

from benchmarks.contenders import mingus_api
from benchmarks.contenders.calls import PATH, Request
from benchmarks.data import DAYS, FIRST_DAY, BenchmarkUser, BenchmarkUsers, database
from benchmarks.measure import Meter, Result, Sample, Work, always, compared, interleaved, meter, timed
from benchmarks.production import connection_parameters
from benchmarks.responses import response_times
from benchmarks.scale import Scale
from core import rls
from health.services import daily_spending

SMALLEST = 10_000  # rows, of which the heavy user has half
USERS = 6  # the others have 1,000 rows each, in every table
PAGE = 10  # rows, so that who has 1,000 of them has a hundredth page too
CALLS = 100
CHUNK = 10  # calls in a row
CHUNKS = CALLS // CHUNK
TABLE = "finance_financialtransaction"
CONTROL = "/api/v1/finance/accounts/"
# Keys like the application's own, of the row's day; PostgreSQL makes them itself from version 18 on only.
KEY = """
(lpad(to_hex((extract(epoch FROM transaction_date) * 1000)::bigint), 12, '0') || '7' || substr(md5(random()::text), 1, 3)
 || '8' || substr(md5(random()::text), 1, 15))::uuid
"""
COUNT = "SELECT count(*) FROM {table} WHERE user_id = %(owner)s OR %(owner)s::uuid IS NULL"
# Copies of the heavy user's rows, for himself or for a user of whom nothing is asked.
GROW = """
INSERT INTO {table} ({columns}) SELECT {values} FROM {table} AS original, generate_series(1, %(copies)s)
WHERE original.user_id = %(owner)s ORDER BY original.id LIMIT %(rows)s
"""


def run(scale: Scale) -> list[Result]:
    """A result for each question and size, compared with the smallest; and the heavy user's pages with a small one's."""
    found: dict[str, dict[int, list[Sample]]] = {}
    with rls.as_staff(), database(rows=SMALLEST, users=USERS) as cast, meter() as ours:
        pace = MachineSpeed(cast.others[0])
        for size in scale.table_sizes:
            _grow(cast, size, scale.heavy_rows)
            for name, work in _questions(cast).items():
                found.setdefault(name, {})[size] = [pace.sample(work, ours) for _ in range(scale.rounds + 1)][1:]
        results = [
            compared(f"{name}, {size:,} rows", samples, by_size[SMALLEST])
            for name, by_size in found.items()
            for size, samples in by_size.items()
        ]
        return results + _pages(cast, ours, scale)


class MachineSpeed:
    """How much longer the machine takes now than at first, for a list of a table that stays as it is."""

    def __init__(self, person: BenchmarkUser) -> None:
        self._work = partial(response_times, mingus_api.contender(), [Request(token=person.token, path=CONTROL)] * CHUNK, 200)
        self._first = median(wall for _ in range(CHUNKS) for wall in self._work())

    def sample(self, work: Work, ours: Meter) -> Sample:
        """Some chunks of the work, as they would have been at the first pace."""
        parts = [(median(self._work()) / self._first, ours.sample(work)) for _ in range(CHUNKS)]
        return Sample(
            process=sum(part.process / slower for slower, part in parts),
            database=sum(part.database / slower for slower, part in parts),
            wall_seconds=[wall / slower for slower, part in parts for wall in part.wall_seconds],
        )


def _questions(cast: BenchmarkUsers) -> dict[str, Work]:
    """What a user with 1,000 rows asks."""
    person, mingus = cast.others[0], mingus_api.contender()
    days = {"transaction_date__gte": FIRST_DAY, "transaction_date__lte": FIRST_DAY + timedelta(DAYS)}
    filtered = Request(token=person.token, query=urlencode({"category": "groceries", **days}))
    search = Request(token=person.token, path=f"{PATH}search/", query=urlencode({"search": "purchase #0000"}))
    user = get_user_model().objects.get(pk=person.id)

    def report() -> None:
        with rls.as_customer(user):
            daily_spending(user, FIRST_DAY, FIRST_DAY + timedelta(DAYS))

    return {
        "list": partial(response_times, mingus, [filtered] * CHUNK, 200),
        "search": partial(response_times, mingus, [search] * CHUNK, 200),
        "report": lambda: [timed(report) for _ in range(CHUNK // 5)],
    }


def _pages(cast: BenchmarkUsers, ours: Meter, scale: Scale) -> list[Result]:
    mingus, people = mingus_api.contender(), {"1,000 rows": cast.others[0], f"{scale.heavy_rows:,} rows": cast.heavy}
    results: list[Result] = []
    for number in (1, 100):
        asked = {
            f"page {number} of a user with {name}": always(
                partial(response_times, mingus, [_page(person, number)] * CALLS, 200)
            )
            for name, person in people.items()
        }
        results += interleaved(asked, rounds=scale.rounds, meter=ours)
    return results


def _page(person: BenchmarkUser, number: int) -> Request:
    """The call that gives a user's page of this number, found by following the links."""
    mingus, call = mingus_api.contender(), Request(token=person.token, query=f"limit={PAGE}")
    for _ in range(number - 1):
        following = parse_qs(urlsplit(mingus.answer(call).data["next"]).query)
        call = Request(token=person.token, query=urlencode(following, doseq=True))
    return call


def _grow(cast: BenchmarkUsers, rows: int, heavy_rows: int) -> None:
    """Let the table have `rows` rows, and the heavy user `heavy_rows` of them or half."""
    with psycopg.connect(**connection_parameters(), autocommit=True) as plain:
        # a table's growth is no event of anybody's, and the audit log would take most of the time
        plain.execute(f"ALTER TABLE {TABLE} DISABLE TRIGGER USER")
        for owner, least in ((cast.heavy, min(rows // 2, heavy_rows)), (cast.others[-1], rows)):
            his = _count(plain, cast.heavy)
            missing = least - (his if owner is cast.heavy else _count(plain, None))
            if missing > 0:
                _copy(plain, cast.heavy, owner, missing, his)
        plain.execute(f"ALTER TABLE {TABLE} ENABLE TRIGGER USER")
        plain.execute(f"VACUUM ANALYZE {TABLE}")


def _count(plain: "psycopg.Connection[tuple[int]]", person: BenchmarkUser | None) -> int:
    row = plain.execute(COUNT.format(table=TABLE), {"owner": person.id if person else None}).fetchone()
    assert row
    return row[0]


def _copy(plain: "psycopg.Connection[tuple[int]]", source: BenchmarkUser, owner: BenchmarkUser, rows: int, there: int) -> None:
    names = [column.name for column in plain.execute(f"TABLE {TABLE} LIMIT 0").description or ()]
    changed = {"id": KEY, "user_id": "%(user)s", "financial_profile_id": "%(account)s"}
    values = ", ".join(changed.get(name, f"original.{name}") for name in names)
    statement = GROW.format(table=TABLE, columns=", ".join(names), values=values)
    places = {"owner": source.id, "user": owner.id, "account": owner.account, "rows": rows, "copies": rows // there + 1}
    plain.execute(statement, places)
