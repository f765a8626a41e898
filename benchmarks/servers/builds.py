"""MINGUS as production runs it: today's build, its slower variants, and another checkout beside it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from benchmarks.data import BenchmarkUser, BenchmarkUsers, empty_database, exempt_owner, fill
from benchmarks.production import DATABASE
from benchmarks.servers.processes import Command
from benchmarks.servers.sign_up import new_session
from mingus.management.commands.serve import server
from users.models import User

BASE_DATABASE = "bench_mingus_base"
# Each process has one thread for Django, which uses one connection.
PRODUCTION = {"TRUSTED_PROXIES": "127.0.0.1/32", "DATABASE_POOL_MIN": "1", "DATABASE_POOL_MAX": "4"}
WITHOUT_COMPILED_LISTS = {"FAST_LISTS": "0"}
OURS, PLAIN, PLAIN_WITHOUT_SQL = "MINGUS", "MINGUS, plain", "MINGUS, plain, no SQL serializer"
APPLICATION = "mingus.asgi:application"
WITHOUT_SQL = "benchmarks.servers.without_sql_serializer:application"
SERVER_OF_CHECKOUT = """
import json, sys, django
django.setup()
from mingus.management.commands.serve import server
print(json.dumps(server("127.0.0.1", 0, int(sys.argv[1])).arguments))
"""


@dataclass(frozen=True, slots=True)
class Checkout:
    """A folder with MINGUS's code and its own `.venv`."""

    folder: Path

    @property
    def python(self) -> str:
        return str(self.folder / ".venv" / "bin" / "python")

    @property
    def environment(self) -> dict[str, str]:
        """The environment of production. The code at e81ec44 trusts every proxy."""
        ours = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return ours | PRODUCTION | {"BEHIND_PROXY": "1", "DATABASE_URL": url_of(BASE_DATABASE), "PYTHONPATH": str(self.folder)}

    def output_of(self, *arguments: str) -> str:
        """Run the checkout's interpreter in its folder, and return what it prints."""
        command = [self.python, "-W", "ignore", *arguments]
        done = subprocess.run(  # noqa: S603 - a checkout of this project
            command, cwd=self.folder, env=self.environment, check=True, stdout=subprocess.PIPE, text=True
        )
        return done.stdout

    def commands(self, workers: int) -> list[Command]:
        """Return the command of its own `serve`, without the supervisor."""
        arguments = json.loads(self.output_of("-c", SERVER_OF_CHECKOUT, str(workers)))
        return [Command(_with_port([self.python, *arguments]), self.environment, self.folder)]

    @contextmanager
    def database(self, *, rows: int, users: int) -> Iterator[BenchmarkUsers]:
        """Create a database of the checkout's own tables with the same rows, and drop it at the end of the block."""
        with empty_database(BASE_DATABASE):
            self.output_of("manage.py", "migrate", "--verbosity", "0", "--skip-checks")
            exempt_owner(BASE_DATABASE)
            made = json.loads(self.output_of(str(Path(__file__).with_name("sign_up.py")), str(users)))
            people = [BenchmarkUser(UUID(row.pop("id")), UUID(row.pop("account")), **row) for row in made]
            found = BenchmarkUsers(people[0], people[1:])
            fill(BASE_DATABASE, found, rows)
            yield found


def commands(workers: int, changes: dict[str, str] | None = None, application: str = APPLICATION) -> list[Command]:
    """Return the web processes that `manage.py serve` starts."""
    environment = {**os.environ, **PRODUCTION, "DATABASE_URL": url_of(DATABASE), **(changes or {})}
    found = [server("127.0.0.1", 0, number).arguments for number in range(1, workers + 1)]
    return [Command(_with_port([sys.executable, *arguments[:-1], application]), environment) for arguments in map(list, found)]


def variants(workers: int) -> dict[str, list[Command]]:
    """Return today's build and, for the ablation, what is left without the compiled lists and the serialization in SQL."""
    return {
        OURS: commands(workers),
        PLAIN: commands(workers, WITHOUT_COMPILED_LISTS),
        PLAIN_WITHOUT_SQL: commands(workers, WITHOUT_COMPILED_LISTS, WITHOUT_SQL),
    }


def with_sessions(users: BenchmarkUsers) -> BenchmarkUsers:
    """Return the users with a new session for each."""
    heavy, *others = [replace(person, session=new_session(User.objects.get(pk=person.id))) for person in all_of(users)]
    return BenchmarkUsers(heavy, others)


def all_of(users: BenchmarkUsers) -> list[BenchmarkUser]:
    return [users.heavy, *users.others]


def url_of(database: str) -> str:
    """Return the URL of a database on the server that DATABASE_URL names."""
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()


def _with_port(arguments: list[str]) -> list[str]:
    place = arguments.index("--port") + 1
    return [*arguments[:place], "{port}", *arguments[place + 1 :]]
