"""State that processes share in a real Redis, and its loss when Redis is killed."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.commands.conftest import Server
from tests.disasters.service import ACCOUNTS, Actors, Client, Database, Probe
from tests.integration.conftest import REDIS, done, free_port, manage, url, wait_for_port

pytestmark = pytest.mark.integration

SCENE = """
from rest_framework.test import APIClient
from users.models import User
from core import rls
from dev.factories import TokenFactory, UserFactory

def client(name):
    with rls.as_staff():
        user = User.objects.filter(email=f"{name}@redis.example").first() or UserFactory(email=f"{name}@redis.example")
        return APIClient(headers={"Authorization": f"Bearer {TokenFactory(user=user).text}"})

def statuses(api, times):
    return [api.get("/api/v1/billing/plans/").status_code for _ in range(times)]
"""
REQUESTS = SCENE + "print(statuses(client('alice'), 2), statuses(client('bob'), 1))"
KILLED = (
    SCENE
    + """
import subprocess
from django.core.cache import cache
from django.test import Client
from mingus import redis_cache
from tests.integration.conftest import wait_for_port

def start():
    server = subprocess.Popen(%(command)r, stdout=subprocess.DEVNULL)
    wait_for_port(%(port)d)
    return server

def failures():
    return redis_cache.FAILURES._value.get()

def ready():
    response = Client().get("/healthz/ready")
    return response.status_code, response.json()["checks"]["redis"]["status"]

server = start()
carol = client("carol")
print("before", statuses(carol, 2), failures())
server.kill()
server.wait()
print("away", statuses(carol, 4), failures(), *ready())
print("own", cache.set("a", [1.5], 60), cache.get("a"), cache.get_many(["a", "b"]), cache.add("a", 2), cache.delete("a"))
server = start()
print("still own", cache.get("a"), failures())
cache.unavailable_until = 0.0
print("back", statuses(carol, 1), cache.set("a", [1.5], 60), cache.get("a"), failures(), *ready())
server.kill()
server.wait()
server = start()
print("a new one behind an old connection", cache.get("a", "gone"), failures())
server.kill()
"""
)
LIMITS = {"RATE_READS": "3/d", "RATE_ADDRESS": "100000/d", "LOG_LEVEL": "WARNING"}


@pytest.fixture(scope="module")
def served(database: str) -> dict[str, str]:
    """Migrate the database and return the environment of processes that use it."""
    database_url = url("DATABASE_URL", database)
    done(manage("migrate", "-v0", DATABASE_URL=database_url))
    return {"DATABASE_URL": database_url, **LIMITS}


def test_processes_share_the_count_of_each_user(served: dict[str, str], redis: str) -> None:
    first = done(manage("shell", "-v0", script=REQUESTS, REDIS_URL=redis, **served))
    second = done(manage("shell", "-v0", script=REQUESTS, REDIS_URL=redis, **served))
    assert (first.strip(), second.strip()) == ("[200, 200] [200]", "[200, 429] [200]")


def test_without_redis_each_process_counts_by_itself(served: dict[str, str], tmp_path: Path) -> None:
    port = free_port()
    script = KILLED % {"command": [*REDIS, str(port), "--dir", str(tmp_path)], "port": port}
    result = manage("shell", "-v0", script=script, REDIS_URL=f"redis://127.0.0.1:{port}/0", **served)
    assert done(result).splitlines() == [
        "before [200, 200] 0.0",
        "away [200, 200, 200, 429] 1.0 200 away",
        "own None [1.5] {'a': [1.5]} False True",
        "still own None 1.0",
        "back [200] None [1.5] 1.0 200 ok",
        "a new one behind an old connection gone 1.0",
    ]
    assert "This process uses its own memory for 5 seconds." in result.stderr


def test_a_server_answers_every_request_while_redis_is_killed_and_returns(served: dict[str, str], tmp_path: Path) -> None:
    database, port = Database(served["DATABASE_URL"]), free_port()
    command = [*REDIS, str(port), "--dir", str(tmp_path)]
    customer = database.add_customers("server", 1)[0]
    redis = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    wait_for_port(port)
    environment = {"DATABASE_URL": database.url, "REDIS_URL": f"redis://127.0.0.1:{port}/0", "RATE_ADDRESS": "1000000/d"}
    server = Server(tmp_path, RATE_READS="1000000/d", RATE_WRITES="1000000/d", **environment)
    written: list[str] = []
    try:
        writer, reader = (Client(server.port, customer) for _ in range(2))

        def write(stop: threading.Event) -> None:
            while not stop.wait(0.05):
                writer.post(ACCOUNTS, {"profile_name": f"redis-{len(written)}", "profile_type": "savings"}, expected=(201,))
                written.append(f"redis-{len(written)}")

        with Probe(reader) as probe, Actors([write]):
            for _ in range(2):
                time.sleep(2)
                redis.kill()
                redis.wait()
                time.sleep(3)
                redis = subprocess.Popen(command, stdout=subprocess.DEVNULL)
                wait_for_port(port)
            time.sleep(7)  # a process tries Redis again after five seconds
        state = reader.send("GET", "/healthz/ready").json["checks"]["redis"]["status"]
    finally:
        server.close()
        redis.kill()
        redis.wait()
    assert (writer.wrong, writer.failures, probe.wrong, probe.failures, state) == ([], 0, [], [], "ok")
    sql = "SELECT count(*) FROM finance_encryptedfinancialprofile WHERE profile_name LIKE 'redis-%'"
    assert database.value(sql) == len(written)
    sys.stdout.write(f"\nRedis was killed twice: {len(written)} writes, the longest answer {probe.percentile(100):.2f} s\n")
