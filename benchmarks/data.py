"""The temporary database of a run, with generated users and transactions.

The table is filled day by day, with the users' rows mixed as in a running service. All random values come from one seed, so
that two runs have the same rows except for their keys.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import psycopg
from django.core.management import call_command
from django.db import connection, connections
from psycopg import sql
from uuid_utils.compat import uuid7

from benchmarks.production import DATABASE, connection_parameters, home_parameters
from finance.models import Category, EncryptedFinancialProfile
from users.models import PersonalAccessToken, User

SEED = 20_260_301
FIRST_DAY, DAYS = date(2023, 3, 1), 3 * 365
LOCK = 0x4D494E47  # "MING"; concurrent runs would drop each other's database

CATEGORIES = {
    "groceries": 25,
    "dining": 20,
    "transport": 15,
    "utilities": 10,
    "health": 8,
    "clothing": 6,
    "leisure": 6,
    "travel": 5,
    "gifts": 3,
    "fees": 2,
}
SHOPS = ("Corner Market", "Café Nord", "City Transit", "Northern Power", "Old Town Pharmacy", "Harbor Books", "Cinema Odeon")

COLUMNS = (
    "id, user_id, financial_profile_id, transaction_type, amount, currency, description, category, merchant_name,"
    " transaction_date, posted_date, reference_number, status, metadata, created_at, updated_at"
)
COPY = f"COPY finance_financialtransaction ({COLUMNS}) FROM STDIN"

END_SESSIONS = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s AND usename = current_user"


class AlreadyRunningError(Exception):
    """Another benchmark is running on the same server."""


@dataclass(frozen=True, slots=True)
class BenchmarkUser:
    """A user with one account, a read-write token and, for the servers, a session."""

    id: UUID
    account: UUID
    token: str
    session: str = ""


@dataclass(frozen=True, slots=True)
class BenchmarkUsers:
    """All users. Half of the transactions belong to `heavy`, and the rest to the others in equal parts."""

    heavy: BenchmarkUser
    others: list[BenchmarkUser]


@contextmanager
def database(*, rows: int, users: int) -> Iterator[BenchmarkUsers]:
    """Create a migrated database with `rows` transactions of `users` users, and drop it at the end of the block."""
    with empty_database(DATABASE):
        try:
            yield _filled(rows, users)
        finally:
            _disconnect()


@contextmanager
def empty_database(name: str) -> Iterator[None]:
    """Create a database, and drop it at the end of the block."""
    with psycopg.connect(**home_parameters(), autocommit=True) as home, _only_one(home, name):
        _drop(home, name)
        home.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield
        finally:
            _drop(home, name)


@contextmanager
def _only_one(home: "psycopg.Connection[Any]", name: str) -> Iterator[None]:
    """Acquire the server's lock for this database, which is released with the connection."""
    row = home.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", [LOCK, name]).fetchone()
    if row != (True,):
        raise AlreadyRunningError("Another benchmark runs on this server. Wait until it has ended.")
    yield


def _disconnect() -> None:
    """Close the connections and the pool, which would otherwise try to reconnect to the dropped database."""
    connections.close_all()
    default: Any = connection
    default.close_pool()


def _drop(home: "psycopg.Connection[Any]", name: str) -> None:
    # FORCE fails while autovacuum works there, which this role may not terminate. A plain DROP cancels autovacuum.
    home.execute(END_SESSIONS, [name])
    home.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def _filled(rows: int, users: int) -> BenchmarkUsers:
    call_command("migrate", verbosity=0, skip_checks=True)
    exempt_owner(DATABASE)
    owners = people([f"bench{number}@example.com" for number in range(users)])
    found = BenchmarkUsers(owners[0], owners[1:])
    fill(DATABASE, found, rows)
    return found


def fill(name: str, users: BenchmarkUsers, rows: int) -> None:
    """Copy the generated transactions into a database."""
    with psycopg.connect(**connection_parameters(name), autocommit=True) as plain:
        plain.execute("SET statement_timeout = 0")  # one statement for all rows, whose triggers and foreign keys take minutes
        with plain.cursor() as cursor, cursor.copy(COPY) as copy:
            for line in transactions(users, rows):
                copy.write_row(line)
        plain.execute("VACUUM ANALYZE")


def exempt_owner(name: str, *, is_exempt: bool = True) -> None:
    """Exempt the tables' owner, as whom the other frameworks query. MINGUS queries as a customer, who is not exempt.

    It does not start with such tables, but runs with them.
    """
    force = "NO FORCE" if is_exempt else "FORCE"
    with psycopg.connect(**connection_parameters(name), autocommit=True) as plain:
        for (table,) in plain.execute("SELECT relname FROM pg_class WHERE relrowsecurity").fetchall():
            plain.execute(sql.SQL(f"ALTER TABLE {{}} {force} ROW LEVEL SECURITY").format(sql.Identifier(table)))


def people(emails: Sequence[str]) -> list[BenchmarkUser]:
    """Create users with these addresses."""
    users = User.objects.bulk_create([User(email=email, password="!") for email in emails])  # noqa: S106 - no password
    accounts = [EncryptedFinancialProfile(user=user, profile_name="Checking", profile_type="checking") for user in users]
    EncryptedFinancialProfile.objects.bulk_create(accounts)
    categories = [Category(user=user, name=name.title(), slug=name) for user in users for name in CATEGORIES]
    Category.objects.bulk_create(categories)
    tokens = [PersonalAccessToken.objects.create(user=user, name="benchmark", scope="read-write")[1] for user in users]
    return [BenchmarkUser(user.pk, account.pk, token) for user, account, token in zip(users, accounts, tokens, strict=True)]


def new_account(person: BenchmarkUser) -> EncryptedFinancialProfile:
    """Create another account, without transactions."""
    account: EncryptedFinancialProfile = EncryptedFinancialProfile.objects.create(
        user_id=person.id, profile_name="Savings", profile_type="savings"
    )
    return account


def transactions(users: BenchmarkUsers, rows: int) -> Iterator[tuple[Any, ...]]:
    """Yield rows for COPY in the order of COLUMNS. Every second one belongs to the heavy user."""
    draw = random.Random(SEED)  # noqa: S311 - invented money
    names, weights = list(CATEGORIES), list(CATEGORIES.values())
    categories = draw.choices(names, weights, k=rows)
    for number, category in enumerate(categories):
        person = users.heavy if number % 2 else users.others[number // 2 % len(users.others)]
        yield transaction(person, draw, number=number, category=category, day=FIRST_DAY + timedelta(number * DAYS // rows))


def transaction(person: BenchmarkUser, draw: random.Random, *, number: int, category: str, day: date) -> tuple[Any, ...]:
    """Return one expense in the order of COLUMNS."""
    cents, shop = draw.randrange(100, 20_000), draw.choice(SHOPS)
    metadata = f'{{"source": "benchmark", "terminal": {draw.randrange(10_000)}}}'
    made = f"{day.isoformat()}T{draw.randrange(24):02}:{draw.randrange(60):02}:00.{draw.randrange(1, 10**6):06}Z"
    return (
        str(uuid7()),
        str(person.id),
        str(person.account),
        "expense",
        f"-{cents // 100}.{cents % 100:02}",
        "USD",
        f"CARD PURCHASE {shop.upper()} #{number:06}",
        category or None,
        shop,
        day.isoformat(),
        day.isoformat(),
        "",
        "completed",
        metadata,
        made,
        made,
    )
