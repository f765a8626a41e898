"""Rotation beside writers, killed again and again: nothing is lost, and the next pass finds nothing to do.

ROTATION_ROWS=100000 is the figure of the issue, with five kills; the suite runs a smaller one. The speed is shown, not judged.
"""

import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from pytest_django import Settings
from uuid_utils.compat import uuid7

from core.encryption import data_keys, key_ring
from core.models.base import DataKey
from finance.models import EncryptedFinancialProfile
from tests.commands.conftest import ROOT, until, url_of_tests_database
from tests.conftest import see_everybody
from users.models import User

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
ROWS = int(os.environ.get("ROTATION_ROWS", "4000"))
OWNERS = ROWS // 10
KILLS = 5 if ROWS >= 50_000 else 2
WRITERS = 8
OLD, NEW = "0d" * 32, "1e" * 32
LABEL = "finance.account_number"
INSERT = """
INSERT INTO finance_encryptedfinancialprofile
       (id, user_id, account_number, profile_name, profile_type, institution_name, currency, sync_status, is_active, metadata)
SELECT id, owner, number, 'Checking', 'checking', '', 'USD', 'pending', true, '{}'
  FROM unnest(%s::uuid[], %s::uuid[], %s::bytea[]) AS new (id, owner, number)
"""


def rotate(*arguments: str) -> subprocess.Popen[str]:
    """`manage.py rotate_field_keys` in a process of its own, under the new ring."""
    environment = os.environ | {
        "DEBUG": "1",
        "DATABASE_URL": url_of_tests_database(),
        "FIELD_ENCRYPTION_KEYS": f"{NEW},{OLD}",
        "DATABASE_POOL_MAX": "0",
    }
    command = [sys.executable, "manage.py", "rotate_field_keys", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def sealed_under_the_ring(row: UUID, owner: UUID, number: str) -> bytes:
    """A number as it was sealed before there were data keys."""
    return key_ring.encrypt(LABEL, key_ring.encode_associated_data(LABEL, str(row), str(owner)), f'"{number}"'.encode())


@pytest.fixture
def numbers(settings: Settings) -> dict[UUID, str]:
    """The numbers of ROWS accounts under the old ring; a tenth of their owners has a data key, wrapped by the old ring."""
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    owners = User.objects.bulk_create([User(email=f"owner{number}@example.com") for number in range(OWNERS)])
    rows = {uuid7(): owners[number % OWNERS].pk for number in range(ROWS)}
    texts = {row: f"NUMBER{number:08d}" for number, row in enumerate(rows)}
    values = [sealed_under_the_ring(row, owner, texts[row]) for row, owner in rows.items()]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [list(rows), list(rows.values()), values])
    with data_keys.cached_in_transaction(owner.pk for owner in owners[:: OWNERS // (OWNERS // 10)]):
        pass
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    return texts


class Writer(threading.Thread):
    """Changes numbers of its own share of the rows, and saves others unread, until it is told to stop."""

    def __init__(self, share: list[UUID], numbers: dict[UUID, str], stop: threading.Event) -> None:
        super().__init__()
        self.share, self.numbers, self.stop, self.writes = share, numbers, stop, 0
        self.written: set[UUID] = set()

    def run(self) -> None:
        see_everybody()
        chance = random.Random(self.name)
        while not self.stop.wait(0.01):
            row = chance.choice(self.share)
            self.write(row, f"WRITTEN{chance.randrange(10**8):08d}" if chance.random() < 0.7 else self.numbers[row])
        connection.close()

    def write(self, row: UUID, number: str) -> None:
        with transaction.atomic():
            account = EncryptedFinancialProfile.objects.get(pk=row)
            account.account_number = number
            self.written.add(row)
            account.save()
        self.numbers[row] = number
        self.writes += 1


@pytest.fixture
def writers(numbers: dict[UUID, str]) -> Iterator[list[Writer]]:
    stop, rows = threading.Event(), list(numbers)
    running = [Writer(rows[place::WRITERS], numbers, stop) for place in range(WRITERS)]
    for writer in running:
        writer.start()
    yield running
    finish(running)


def finish(writers: list[Writer]) -> None:
    """Tell the writers to stop, and wait until they have."""
    for writer in writers:
        writer.stop.set()
    for writer in writers:
        writer.join()


def old_rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM finance_encryptedfinancialprofile WHERE get_byte(account_number, 0) <> 2")
        return int(cursor.fetchone()[0])


def reencrypted(writers: list[Writer]) -> int:
    """How many rows are new that no writer has touched: a rotation's own work."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM finance_encryptedfinancialprofile WHERE get_byte(account_number, 0) = 2")
        new = {key for (key,) in cursor.fetchall()}
    return len(new.difference(*[set(writer.written) for writer in writers]))


def killed_at_work(writers: list[Writer]) -> int:
    """Start a rotation, kill it when it has sealed a batch anew; gives how many rows are old then."""
    before, victim = reencrypted(writers), rotate()
    until(lambda: "yes" if victim.poll() is not None or reencrypted(writers) > before else "", "a batch")
    victim.kill()
    victim.wait()
    return old_rows()


def test_killed_again_and_again_beside_eight_writers_it_loses_nothing(
    numbers: dict[UUID, str], writers: list[Writer], settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    left = [killed_at_work(writers) for _ in range(KILLS)]
    last = rotate()
    said, _ = last.communicate()
    finish(writers)
    assert last.returncode == 0, said
    assert "0 rows were sealed anew" in rotate().communicate()[0]
    assert "0 rows have something to do" in rotate("--dry-run").communicate()[0]
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    found = {row.pk: row for row in EncryptedFinancialProfile.objects.all()}
    assert {key: row.account_number for key, row in found.items()} == numbers
    index: Any = EncryptedFinancialProfile._meta.get_field("account_number_index")
    with data_keys.cached_in_transaction({row.user_id for row in found.values()}):
        digests = {key: index.digest_for_row((key, row.user_id), numbers[key]) for key, row in found.items()}
    assert {key: bytes(row.account_number_index) for key, row in found.items()} == digests
    assert DataKey.objects.count() == OWNERS
    with capsys.disabled():
        writes = sum(writer.writes for writer in writers)
        sys.stdout.write(
            f"\n{ROWS:,} rows, old after each kill: {left}, then: {said.splitlines()[-1]} {writes:,} writes beside.\n"
        )
