"""Reads from a streaming replica of Debian's PostgreSQL, which is made to lag, to break connections and to die."""

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

from tests.integration.conftest import SUPERUSER_URL, answers, done, free_port, manage, url

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
    # PostgreSQL 15 has no way to wait for its replay, so it is asked again until the deadline
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
        made = APIClient(headers={"Authorization": f"Bearer {TokenFactory(user=user(name), scope='read-write').text}"})
    made.get(ACCOUNTS)  # its use is noted, and a request that writes reads from the primary
    return made

def plainly(who):
    fast_path.COMPILED_LISTS.clear()
    return names(who)

def by_a_job(name, account):
    with rls.as_staff():
        return AccountFactory(user=user(name), profile_name=account)

def write(who, account):
    return who.post(ACCOUNTS, {"profile_name": account, "profile_type": "savings"}, format="json")

def names(who):
    answer = who.get(ACCOUNTS)
    connections.close_all()
    return sorted(row["profile_name"] for row in answer.json()["results"]) if answer.status_code == 200 else answer.status_code
"""
LAG = (
    SCENE
    + """
alice, bob = client("alice"), client("bob")
by_a_job("alice", "a"), by_a_job("bob", "b")
pause()
made = write(alice, "new")
by_a_job("bob", "late")
print("the writer", plainly(alice), names(alice), alice.get(ACCOUNTS + made.json()["id"] + "/").status_code)
print("another", plainly(bob), names(bob))
late = by_a_job("bob", "later")
print("another's row", bob.get(f"{ACCOUNTS}{late.pk}/").status_code, bob.head(f"{ACCOUNTS}{late.pk}/").status_code)
client("bob")
with rls.as_staff():
    print("use noted", PersonalAccessToken.objects.filter(user=user("bob"), last_used_at__isnull=False).count())
with rls.as_login_role():
    print("nobody", Account.objects.using("replica").count())
with rls.as_customer(user("alice")):
    print("the wall", {row.profile_name for row in Account.objects.using("replica")})
resume()
print("caught up", names(alice), names(bob))
by_a_job("alice", "by a job")
pause()
by_a_job("alice", "unseen")
print("replayed", plainly(alice), names(alice))
"""
)
WRITES = SCENE + "pause(); print(write(client('carol'), 'hers').status_code)"
READS = (
    SCENE
    + "by_a_job('carol', 'unseen'); carol = client('carol'); print(names(carol), names(carol), names(client('dave'))); resume()"
)
WINDOW = (
    SCENE
    + """
erin = client("erin")
write(erin, "hers")
pause()
by_a_job("erin", "by a job")
print("within", plainly(erin), names(erin))
"""
)
BROKEN = (
    SCENE  # noqa: S608 - nothing of it comes from outside
    + """
from finance.views.accounts import AccountViewSet

frank = client("frank")
by_a_job("frank", "his")
caught_up()
ask = AccountViewSet.filter_queryset

def broken_off(self, queryset):
    AccountViewSet.filter_queryset = ask
    on_replica("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'mingus'")
    return ask(self, queryset)

AccountViewSet.filter_queryset = broken_off
print("in its middle", plainly(frank), replicas.FAILURES._value.get())
replicas._outage.until = 0.0
print("again", plainly(frank), replicas.FAILURES._value.get())
"""
)
DEAD = (
    SCENE
    + """
import subprocess
import redis
grace = client("grace")
made = by_a_job("grace", "hers")
one = f"{ACCOUNTS}{made.pk}/"
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
    """A server that streams from the one of `tools/integration.sh`."""

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
        answers(self.port)

    def at(self, address: str) -> str:
        """An address of the primary's, on the replica."""
        port = urlsplit(address).port
        return address.replace(f":{port}/", f":{self.port}/")


@pytest.fixture(scope="module")
def replica(database: str) -> Iterator[Replica]:
    done(manage("migrate", "-v0", DATABASE_URL=url("DATABASE_URL", database)))
    work = Path(tempfile.mkdtemp())
    if AS_OWNER:
        shutil.chown(work, "postgres", "postgres")
    made = Replica(work / "data", free_port())
    source = f"--dbname={SUPERUSER_URL}"
    command = [str(PROGRAMS / "pg_basebackup"), source, f"--pgdata={made.folder}", "--checkpoint=fast", "--write-recovery-conf"]
    subprocess.run([*AS_OWNER, *command], check=True)
    made.start()
    yield made
    subprocess.run(made.stop, check=False, stderr=subprocess.DEVNULL)
    shutil.rmtree(work)


@pytest.fixture
def served(database: str, replica: Replica, redis: str) -> dict[str, str]:
    """The environment of processes that read from the replica."""
    address = url("DATABASE_URL", database)
    return {
        "DATABASE_URL": address,
        "DATABASE_REPLICA_URL": replica.at(address),
        "DATABASE_POOL_MIN": "1",
        "REDIS_URL": redis,
        "REPLICA_WINDOW": "0",
        "LOG_LEVEL": "WARNING",
    }


def said(script: str, served: dict[str, str], replica: Replica) -> str:
    """What a process says that runs `script`; the replica replays afterwards."""
    about = {
        "primary": SUPERUSER_URL,
        "superuser": replica.at(SUPERUSER_URL),
        "redis": served["REDIS_URL"],
        "stop": replica.stop,
    }
    return done(manage("shell", "-v0", script=script % about, **served))


@pytest.fixture(autouse=True)
def _replays(replica: Replica) -> Iterator[None]:
    yield
    with psycopg.connect(replica.at(SUPERUSER_URL), autocommit=True) as connection:
        connection.execute("SELECT pg_wal_replay_resume()")


def test_who_writes_reads_what_he_wrote_and_others_read_the_replica(served: dict[str, str], replica: Replica) -> None:
    assert said(LAG, served, replica).splitlines() == [
        "the writer ['a', 'new'] ['a', 'new'] 200",
        "another ['b'] ['b']",
        "another's row 404 404",
        "use noted 2",
        "nobody 0",
        "the wall {'a'}",
        "caught up ['a', 'new'] ['b', 'late', 'later']",
        "replayed ['a', 'by a job', 'new'] ['a', 'by a job', 'new']",
    ]


def test_a_write_through_one_process_is_known_to_the_others(served: dict[str, str], replica: Replica) -> None:
    assert said(WRITES, served, replica).strip() == "201"
    assert said(READS, served, replica).strip() == "['hers', 'unseen'] ['hers', 'unseen'] []"


def test_within_the_window_the_primary_is_read_without_asking_the_replica(served: dict[str, str], replica: Replica) -> None:
    answer = said(WINDOW, served | {"REPLICA_WINDOW": "300"}, replica)
    assert answer.strip() == "within ['by a job', 'hers'] ['by a job', 'hers']"


def test_a_request_whose_connection_breaks_is_answered_from_the_primary(served: dict[str, str], replica: Replica) -> None:
    assert said(BROKEN, served, replica).splitlines() == ["in its middle ['his'] 1.0", "again ['his'] 1.0"]


def test_neither_a_dead_redis_nor_a_dead_replica_is_an_error(served: dict[str, str], replica: Replica) -> None:
    assert said(DEAD, served, replica).splitlines() == [
        "alive ['hers'] ['hers'] 200 0.0",
        "dead ['hers'] ['hers'] 1.0",
        "dead for one 200 200 2.0",
        "without redis ['hers'] 201 ['hers', 'second']",
    ]
    replica.start()
