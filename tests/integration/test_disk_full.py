"""A full disk: writes get 503 with Retry-After, nothing acknowledged is lost, and the service recovers once there is room.

The disks are small file systems in memory, which root mounts; another user needs `sudo` without a password.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.commands.conftest import Server, until
from tests.disasters.service import Actors, Client, Customer, Database, Probe, database_in, statement, wait_until_ready

pytestmark = pytest.mark.integration

DATABASE_SIZE, TEMPORARY_SIZE = 400, 8  # MiB; PostgreSQL needs about 100
FULL_SECONDS = float(os.environ.get("FULL_SECONDS", "10"))
AS_ROOT = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]


@contextmanager
def disk(folder: Path, mebibytes: int) -> Iterator[Path]:
    """Mount an empty file system of that size, owned by this user."""
    folder.mkdir()
    options = f"size={mebibytes}m,mode=0755,uid={os.geteuid()},gid={os.getegid()}"
    subprocess.run([*AS_ROOT, "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run([*AS_ROOT, "umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Use all the room of a disk, and return the file that does."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (2**20, 2**12):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return filler


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with disk(tmp_path / "disk", DATABASE_SIZE) as folder, database_in(folder / "postgres") as found:
        found.manage("migrate", "-v0")
        yield found


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Path]:
    with disk(tmp_path / "spool", TEMPORARY_SIZE) as folder:
        yield folder


@pytest.fixture
def customers(database: Database) -> list[Customer]:
    return database.add_customers("disk", 3)


@pytest.fixture
def server(customers: list[Customer], database: Database, spool: Path, tmp_path: Path) -> Iterator[Server]:
    environment = {"DATABASE_URL": database.url, "RATE_LIMITS": "0", "DATABASE_POOL_TIMEOUT": "2", "TMPDIR": str(spool)}
    program = Server(tmp_path, **environment)
    try:
        wait_until_ready(Client(program.port, customers[0]))
        yield program
    finally:
        program.close()


def test_a_full_disk_of_the_database(server: Server, database: Database, customers: list[Customer], tmp_path: Path) -> None:
    clients = [Client(server.port, customer) for customer in customers]
    imported: list[str] = []

    def import_files(stop: threading.Event) -> None:
        while not stop.wait(0.1):
            name = f"disk-{len(imported)}"
            clients[0].send_file(f"{name}.csv", statement(name, 200))
            imported.append(name)

    def import_large_file(stop: threading.Event) -> None:
        clients[1].send_file("large.csv", statement("large", 20_000), expected=(202,))

    with Probe(clients[2]) as probe, Actors([import_files, import_large_file]):
        until(lambda: "some" if len(imported) > 3 else "", "imports")
        filler = fill(tmp_path / "disk")
        until(lambda: "refused" if clients[0].failures else "", "a 503", 120)
        time.sleep(FULL_SECONDS)
        refused, stored = clients[0].failures, len(imported)
        filler.unlink()
        start = time.monotonic()
        until(lambda: "stored" if len(imported) > stored + 1 else "", "writes", 120)
        seconds = time.monotonic() - start
    wait_until_ready(clients[2])
    until(lambda: "done" if not database.unfinished_jobs() else "", "the jobs", 200)
    assert [text for client in clients for text in client.wrong] + probe.wrong == []
    for name in imported:
        assert database.transactions(f"{name} %") == 200
    assert database.transactions("large %") == 20_000
    database.manage("verify_audit")
    sys.stdout.write(f"\nFull disk: {refused} requests refused; writes again {seconds:.1f} s after there was room\n")


def test_a_full_disk_of_temporary_files(server: Server, database: Database, customers: list[Customer], spool: Path) -> None:
    client = Client(server.port, customers[0])
    large = statement("spooled", 30_000)
    filler = fill(spool)
    started = threading.Thread(target=client.send_file, args=("spooled.csv", large), kwargs={"expected": (202,)})
    started.start()
    until(lambda: "refused" if client.failures > 2 else "", "a 503")
    assert Client(server.port, customers[1]).send_file("small.csv", statement("small", 100)).status == 201
    filler.unlink()
    started.join()
    until(lambda: "done" if not database.unfinished_jobs() else "", "the job", 200)
    assert (client.wrong, database.transactions("spooled %")) == ([], 30_000)
