"""Reads from a streaming replica that lags, breaks connections or is stopped."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.integration.conftest import SUPERUSER_URL, done, free_port, manage, url, wait_for_port

pytestmark = pytest.mark.integration
PROGRAMS = Path("/usr/lib/postgresql/15/bin")
AS_OWNER = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"] if os.geteuid() == 0 else []

SCENE = """
import time
import psycopg
from django.db import connections
from rest_framework.test import APIClient
from finance.models import EncryptedFinancialProfile as Account
from core import rls
from core.postgres import replicas
from core.fast_lists import fast_path
from dev.factories import AccountFactory, TokenFactory, UserFactory
from users.models import PersonalAccessToken, User

ACCOUNTS = "/api/v1/finance/accounts/"
SUPERUSER = "%(superuser)s"

def on_replica(query):
    with psycopg.connect(SUPERUSER, autocommit=True) as connection:
        return connection.execute(query).fetchone()[0]

def wait_for(query):
    # PostgreSQL 15 cannot wait for its replay, so the query is repeated until the deadline
    end = time.monotonic() + 30
    while not on_replica(query):
        assert time.monotonic() < end, query
        time.sleep(0.05)

def caught_up():
    with psycopg.connect("%(primary)s", autocommit=True) as connection:
        place = connection.execute("SELECT pg_current_wal_lsn()::text").fetchone()[0]
    wait_for(f"SELECT pg_last_wal_replay_lsn() >= '{place}'::pg_lsn")

def pause():
    caught_up()
    on_replica("SELECT pg_wal_replay_pause()::text")
    wait_for("SELECT pg_get_wal_replay_pause_state() = 'paused'")

def resume():
    on_replica("SELECT pg_wal_replay_resume()::text")
    caught_up()

def user(name):
    with rls.as_staff():
        return User.objects.filter(email=f"{name}@replica.example").first() or UserFactory(email=f"{name}@replica.example")

def client(name):
    with rls.as_staff():
        api = APIClient(headers={"Authorization": f"Bearer {TokenFactory(user=user(name), scope='read-write').text}"})
    api.get(ACCOUNTS)  # the first request stores the token's use, and a request that writes reads from the primary
    return api

def names_uncompiled(api):
    fast_path.COMPILED_VIEWS.clear()
    return names(api)

def by_a_job(name, account):
    with rls.as_staff():
        return AccountFactory(user=user(name), profile_name=account)

def write(api, account):
    return api.post(ACCOUNTS, {"profile_name": account, "profile_type": "savings"}, format="json")

def names(api):
    response = api.get(ACCOUNTS)
    connections.close_all()
    status, body = response.status_code, response.json()
    return sorted(row["profile_name"] for row in body["results"]) if status == 200 else status
"""
LAG = (
    SCENE
    + """
alice, bob = client("alice"), client("bob")
by_a_job("alice", "a"), by_a_job("bob", "b")
pause()
created = write(alice, "new")
by_a_job("bob", "late")
print("the writer", names_uncompiled(alice), names(alice), alice.get(ACCOUNTS + created.json()["id"] + "/").status_code)
print("another", names_uncompiled(bob), names(bob))
late = by_a_job("bob", "later")
print("another's row", bob.get(f"{ACCOUNTS}{late.pk}/").status_code, bob.head(f"{ACCOUNTS}{late.pk}/").status_code)
client("bob")
with rls.as_staff():
    print("use noted", PersonalAccessToken.objects.filter(user=user("bob"), last_used_at__isnull=False).count())
with rls.as_login_role():
    print("no user", Account.objects.using("replica").count())
with rls.as_customer(user("alice")):
    print("row-level security", {row.profile_name for row in Account.objects.using("replica")})
print("no tag", [bob.get("/api/v1/finance/transactions/").headers.get("ETag") for _ in range(2)])
resume()
print("caught up", names(alice), names(bob))
by_a_job("alice", "by a job")
pause()
by_a_job("alice", "unseen")
print("replayed", names_uncompiled(alice), names(alice))
"""
)
WRITES = SCENE + "pause(); print(write(client('carol'), 'carol').status_code)"
READS = (
    SCENE
    + "by_a_job('carol', 'unseen'); carol = client('carol'); print(names(carol), names(carol), names(client('dave'))); resume()"
)
WINDOW = (
    SCENE
    + """
erin = client("erin")
write(erin, "erin")
pause()
by_a_job("erin", "by a job")
print("within", names_uncompiled(erin), names(erin))
"""
)
BROKEN = (
    SCENE  # noqa: S608 - nothing of it comes from outside
    + """
from finance.views.accounts import AccountViewSet

frank = client("frank")
by_a_job("frank", "frank")
caught_up()
filter_queryset = AccountViewSet.filter_queryset

def break_once(self, queryset):
    AccountViewSet.filter_queryset = filter_queryset
    on_replica("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'mingus'")
    return filter_queryset(self, queryset)

AccountViewSet.filter_queryset = break_once
print("in its middle", names_uncompiled(frank), replicas.FAILURES._value.get())
replicas._outage.until = 0.0
print("again", names_uncompiled(frank), replicas.FAILURES._value.get())
"""
)
DEAD = (
    SCENE
    + """
import subprocess
import redis
grace = client("grace")
account = by_a_job("grace", "grace")
one = f"{ACCOUNTS}{account.pk}/"
caught_up()
print("alive", names(grace), names(grace), grace.get(one).status_code, replicas.FAILURES._value.get())
connections.close_all()
subprocess.run(%(stop)r, check=True)
print("dead", names(grace), names(grace), replicas.FAILURES._value.get())
replicas._outage.until = 0.0
print("dead for one", grace.get(one).status_code, grace.get(one).status_code, replicas.FAILURES._value.get())
redis.Redis.from_url("%(redis)s").shutdown(nosave=True)
replicas._outage.until = 0.0
print("without redis", names(grace), write(grace, "second").status_code, names(grace))
"""
)


@dataclass(frozen=True)
class Replica:
    """A server that replicates the one of `tools/integration.sh`."""

    folder: Path
    port: int

    @property
    def stop(self) -> list[str]:
        return [*AS_OWNER, str(PROGRAMS / "pg_ctl"), "stop", "--silent", f"--pgdata={self.folder}", "--mode=immediate"]

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        options += " -c max_connections=100 -c max_locks_per_transaction=256"  # no fewer than the primary's
        log = self.folder.parent / "replica.log"
        command = ["start", "--silent", "--wait", f"--pgdata={self.folder}", f"--log={log}", f"--options={options}"]
        subprocess.run([*AS_OWNER, PROGRAMS / "pg_ctl", *command], check=True)
        wait_for_port(self.port)

    def at(self, primary_url: str) -> str:
        """Return a URL of the primary with the replica's port."""
        port = urlsplit(primary_url).port
        return primary_url.replace(f":{port}/", f":{self.port}/")


@pytest.fixture(scope="module")
def replica(database: str) -> Iterator[Replica]:
    done(manage("migrate", "-v0", DATABASE_URL=url("DATABASE_URL", database)))
    work = Path(tempfile.mkdtemp())
    if AS_OWNER:
        shutil.chown(work, "postgres", "postgres")
    node = Replica(work / "data", free_port())
    source = f"--dbname={SUPERUSER_URL}"
    command = [str(PROGRAMS / "pg_basebackup"), source, f"--pgdata={node.folder}", "--checkpoint=fast", "--write-recovery-conf"]
    subprocess.run([*AS_OWNER, *command], check=True)
    node.start()
    yield node
    subprocess.run(node.stop, check=False, stderr=subprocess.DEVNULL)
    shutil.rmtree(work)


@pytest.fixture
def served(database: str, replica: Replica, redis: str) -> dict[str, str]:
    """Return the environment of processes that read from the replica."""
    primary_url = url("DATABASE_URL", database)
    return {
        "DATABASE_URL": primary_url,
        "DATABASE_REPLICA_URL": replica.at(primary_url),
        "DATABASE_POOL_MIN": "1",
        "REDIS_URL": redis,
        "REPLICA_WINDOW": "0",
        "LOG_LEVEL": "WARNING",
    }


def output_of(script: str, served: dict[str, str], replica: Replica) -> str:
    """Run `script` in a process and return its output."""
    values = {
        "primary": SUPERUSER_URL,
        "superuser": replica.at(SUPERUSER_URL),
        "redis": served["REDIS_URL"],
        "stop": replica.stop,
    }
    return done(manage("shell", "-v0", script=script % values, **served))


@pytest.fixture(autouse=True)
def _resume_replay(replica: Replica) -> Iterator[None]:
    yield
    with psycopg.connect(replica.at(SUPERUSER_URL), autocommit=True) as connection:
        connection.execute("SELECT pg_wal_replay_resume()")


def test_writers_read_the_primary_and_others_the_replica(served: dict[str, str], replica: Replica) -> None:
    assert output_of(LAG, served, replica).splitlines() == [
        "the writer ['a', 'new'] ['a', 'new'] 200",
        "another ['b'] ['b']",
        "another's row 404 404",
        "use noted 2",
        "no user 0",
        "row-level security {'a'}",
        "no tag [None, None]",
        "caught up ['a', 'new'] ['b', 'late', 'later']",
        "replayed ['a', 'by a job', 'new'] ['a', 'by a job', 'new']",
    ]


def test_a_write_through_one_process_is_known_to_the_others(served: dict[str, str], replica: Replica) -> None:
    assert output_of(WRITES, served, replica).strip() == "201"
    assert output_of(READS, served, replica).strip() == "['carol', 'unseen'] ['carol', 'unseen'] []"


def test_within_the_window_only_the_primary_is_read(served: dict[str, str], replica: Replica) -> None:
    output = output_of(WINDOW, served | {"REPLICA_WINDOW": "300"}, replica)
    assert output.strip() == "within ['by a job', 'erin'] ['by a job', 'erin']"


def test_a_request_with_a_broken_connection_reads_the_primary(served: dict[str, str], replica: Replica) -> None:
    assert output_of(BROKEN, served, replica).splitlines() == ["in its middle ['frank'] 1.0", "again ['frank'] 1.0"]


def test_a_stopped_redis_or_replica_is_no_error(served: dict[str, str], replica: Replica) -> None:
    assert output_of(DEAD, served, replica).splitlines() == [
        "alive ['grace'] ['grace'] 200 0.0",
        "dead ['grace'] ['grace'] 1.0",
        "dead for one 200 200 2.0",
        "without redis ['grace'] 201 ['grace', 'second']",
    ]
    replica.start()
