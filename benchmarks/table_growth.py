"""Response times in a growing table, and of a user with many rows against a user with few.

The table grows between two measurements, so they cannot take turns. Each is compared with the same one in the smallest table.
On a shared machine the same work can take a third longer for some seconds. Therefore a few requests at a time alternate with
a list whose table does not grow, and their times are divided by the slowdown of that list.
"""

from datetime import timedelta
from functools import partial
from statistics import median
from urllib.parse import parse_qs, urlencode, urlsplit

import psycopg
from django.contrib.auth import get_user_model

from benchmarks.api_contract import PATH
from benchmarks.contenders import mingus_api
from benchmarks.contenders.calls import Request
from benchmarks.data import DAYS, FIRST_DAY, BenchmarkUser, BenchmarkUsers, database
from benchmarks.measure import Meter, Result, Sample, Work, always, compared, interleaved, meter, timed
from benchmarks.production import connection_parameters
from benchmarks.responses import response_times
from benchmarks.scale import Scale
from core import rls
from finance.models import FinancialTransaction
from health.services import daily_spending

SMALLEST = 10_000  # rows, half of them of the heavy user
USERS = 6  # the others have 1,000 rows each, except the last one when the table grows
PAGE = 10  # rows, so that a user with 1,000 rows has a hundredth page
CALLS = 100
CHUNK = 10  # requests in a row
CHUNKS = CALLS // CHUNK
TABLE = "finance_financialtransaction"
CONTROL = "/api/v1/finance/accounts/"
# UUIDv7 keys with the row's day, like the application's. PostgreSQL can create them from version 18 on.
KEY = """
(lpad(to_hex((extract(epoch FROM transaction_date) * 1000)::bigint), 12, '0') || '7' || substr(md5(random()::text), 1, 3)
 || '8' || substr(md5(random()::text), 1, 15))::uuid
"""
COUNT = "SELECT count(*) FROM {table} WHERE user_id = %(owner)s OR %(owner)s::uuid IS NULL"
# Copies of the heavy user's rows, for the heavy user or for a user who makes no requests.
GROW = """
INSERT INTO {table} ({columns}) SELECT {values} FROM {table} AS original, generate_series(1, %(copies)s)
WHERE original.user_id = %(owner)s ORDER BY original.id LIMIT %(rows)s
"""


def run(scale: Scale) -> list[Result]:
    """Return results for each kind of request and table size, and for pages of the heavy user against a small user's."""
    found: dict[str, dict[int, list[Sample]]] = {}
    with rls.as_staff(), database(rows=SMALLEST, users=USERS) as users, meter() as ours:
        speed = MachineSpeed(users.others[0])
        for size in scale.table_sizes:
            _grow(users, size, scale.heavy_rows)
            for name, work in _workloads(users).items():
                found.setdefault(name, {})[size] = [speed.sample(work, ours) for _ in range(scale.rounds + 1)][1:]
        results = [
            compared(f"{name}, {size:,} rows", samples, by_size[SMALLEST])
            for name, by_size in found.items()
            for size, samples in by_size.items()
        ]
        return results + _pages(users, ours, scale)


class MachineSpeed:
    """The slowdown of the machine since the start, measured by a list whose table does not grow."""

    def __init__(self, person: BenchmarkUser) -> None:
        self._work = partial(response_times, mingus_api.contender(), [Request(token=person.token, path=CONTROL)] * CHUNK, 200)
        self._first = median(wall for _ in range(CHUNKS) for wall in self._work())

    def sample(self, work: Work, ours: Meter) -> Sample:
        """Measure some chunks of the work, corrected to the speed of the machine at the start."""
        parts = [(median(self._work()) / self._first, ours.sample(work)) for _ in range(CHUNKS)]
        return Sample(
            process=sum(part.process / slowdown for slowdown, part in parts),
            database=sum(part.database / slowdown for slowdown, part in parts),
            wall_seconds=[wall / slowdown for slowdown, part in parts for wall in part.wall_seconds],
        )


def _workloads(users: BenchmarkUsers) -> dict[str, Work]:
    """Return the work for each kind of request of a user with 1,000 rows."""
    person, mingus = users.others[0], mingus_api.contender()
    days = {"transaction_date__gte": FIRST_DAY, "transaction_date__lte": FIRST_DAY + timedelta(DAYS)}
    filtered = Request(token=person.token, query=urlencode({"category": "groceries", **days}))
    search = Request(token=person.token, path=f"{PATH}search/", query=urlencode({"search": "purchase odeon"}))
    user = get_user_model().objects.get(pk=person.id)

    def report() -> None:
        with rls.as_customer(user):
            daily_spending(user, FIRST_DAY, FIRST_DAY + timedelta(DAYS))

    return {
        "list": partial(response_times, mingus, [filtered] * CHUNK, 200),
        "search": partial(response_times, mingus, [search] * CHUNK, 200),
        "report": lambda: [timed(report) for _ in range(CHUNK // 5)],
    }


def _pages(users: BenchmarkUsers, ours: Meter, scale: Scale) -> list[Result]:
    mingus, people = mingus_api.contender(), {"1,000 rows": users.others[0], f"{scale.heavy_rows:,} rows": users.heavy}
    results: list[Result] = []
    for number in (1, 100):
        work = {
            f"page {number} of a user with {name}": always(
                partial(response_times, mingus, [_page(person, number)] * CALLS, 200)
            )
            for name, person in people.items()
        }
        results += interleaved(work, rounds=scale.rounds, meter=ours)
    return results


def _page(person: BenchmarkUser, number: int) -> Request:
    """Return the request of a user's page with this number, found by following the links."""
    mingus, request = mingus_api.contender(), Request(token=person.token, query=f"limit={PAGE}")
    for _ in range(number - 1):
        following = parse_qs(urlsplit(mingus.handle(request).data["next"]).query)
        request = Request(token=person.token, query=urlencode(following, doseq=True))
    return request


def _grow(users: BenchmarkUsers, rows: int, heavy_rows: int) -> None:
    """Grow the table to `rows` rows. The heavy user gets `heavy_rows` of them, at most half."""
    with psycopg.connect(**connection_parameters(), autocommit=True) as plain:
        # these rows need no audit events, which would take most of the time
        plain.execute(f"ALTER TABLE {TABLE} DISABLE TRIGGER USER")
        for owner, least in ((users.heavy, min(rows // 2, heavy_rows)), (users.others[-1], rows)):
            existing = _count(plain, users.heavy)
            missing = least - (existing if owner is users.heavy else _count(plain, None))
            if missing > 0:
                _copy(plain, users.heavy, owner, missing, existing)
        plain.execute(f"ALTER TABLE {TABLE} ENABLE TRIGGER USER")
        plain.execute(f"VACUUM ANALYZE {TABLE}")


def _count(plain: "psycopg.Connection[tuple[int]]", person: BenchmarkUser | None) -> int:
    row = plain.execute(COUNT.format(table=TABLE), {"owner": person.id if person else None}).fetchone()
    assert row
    return row[0]


def _copy(plain: "psycopg.Connection[tuple[int]]", source: BenchmarkUser, owner: BenchmarkUser, rows: int, there: int) -> None:
    names = [str(field.column) for field in FinancialTransaction._meta.concrete_fields if not field.generated]
    changed = {"id": KEY, "user_id": "%(user)s", "financial_profile_id": "%(account)s"}
    values = ", ".join(changed.get(name, f"original.{name}") for name in names)
    statement = GROW.format(table=TABLE, columns=", ".join(names), values=values)
    places = {"owner": source.id, "user": owner.id, "account": owner.account, "rows": rows, "copies": rows // there + 1}
    plain.execute(statement, places)
