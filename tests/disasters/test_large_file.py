"""A large statement file over HTTP: accepted at once, imported by a job, while other requests are as fast as before.

`FILE_ROWS=400000 make faults ARGS="tests/disasters/test_large_file.py -n 0 -s"` checks the guaranteed times.
"""

import os
import sys
import time
from pathlib import Path

import pytest

from tests.commands.conftest import Server, until
from tests.disasters.service import Client, Database, Probe, statement, wait_until_ready

pytestmark = pytest.mark.faults

ROWS = int(os.environ.get("FILE_ROWS", "20000"))
IS_MEASURED = "FILE_ROWS" in os.environ
IDLE_SECONDS = 20.0 if IS_MEASURED else 3.0
MAX_ACCEPT_SECONDS, MAX_RATIO = 1.0, 2.0
LIST = "/api/v1/finance/transactions/?limit=50"


def test_a_large_file_is_accepted_at_once_and_others_do_not_wait(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    importer, reader = database.add_customers("file", 2)
    server = Server(tmp_path, DATABASE_URL=database.url, RATE_LIMITS="0")
    try:
        client, other = Client(server.port, importer), Client(server.port, reader)
        wait_until_ready(client)
        other.send_file("own.csv", statement("own", 300))
        with Probe(other, pause=0.02, path=LIST) as probe:
            time.sleep(2)  # first requests are slower
            idle = time.monotonic()
            time.sleep(IDLE_SECONDS)
            start = time.monotonic()
            reply = client.send_file("whole.csv", statement("whole", ROWS), expected=(202,))
            percents = [0]

            def is_done() -> str:
                upload = client.send("GET", reply.headers["location"]).json
                percents.append(upload["progress"])
                return "done" if upload["status"] == "done" else ""

            until(is_done, "the import", 600)
            end = time.monotonic()
        result = client.send("GET", reply.headers["location"]).json["result"]
    finally:
        server.close()
    assert (result["created"], client.wrong, probe.wrong, probe.failures) == (ROWS, [], [], [])
    assert database.transactions("whole %") == ROWS
    assert percents == sorted(percents)
    assert len(set(percents)) >= 3, percents
    before, during = probe.percentile(99, idle, start), probe.percentile(99, start, end)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{ROWS:,} rows: 202 after {reply.seconds:.2f} s, imported in {end - start:.0f} s, {len(set(percents))} values of"
            f" progress; a list: p99 {before * 1000:.0f} ms idle, {during * 1000:.0f} ms meanwhile; median"
            f" {probe.percentile(50, idle, start) * 1000:.0f} and {probe.percentile(50, start, end) * 1000:.0f} ms\n"
        )
    if IS_MEASURED:
        assert reply.seconds < MAX_ACCEPT_SECONDS
        assert during <= MAX_RATIO * before
