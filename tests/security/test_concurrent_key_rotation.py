"""Key rotation beside concurrent writers, killed several times, without lost values.

ROTATION_ROWS=100000 with five kills is the acceptance figure; the suite has fewer rows. The duration is printed, not tested.
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
from tests.conftest import use_staff_role
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
       (id, user_id, account_number, profile_name, profile_type, institution_name, currency, balance_source, overpaid,
        sync_status, is_active, metadata)
SELECT id, owner, number, 'Checking', 'checking', '', 'USD', '', false, 'pending', true, '{}'
  FROM unnest(%s::uuid[], %s::uuid[], %s::bytea[]) AS new (id, owner, number)
"""


def rotate(*arguments: str) -> subprocess.Popen[str]:
    """Start `manage.py rotate_field_keys` with the new key ring."""
    environment = os.environ | {
        "DEBUG": "1",
        "DATABASE_URL": url_of_tests_database(),
        "FIELD_ENCRYPTION_KEYS": f"{NEW},{OLD}",
        "DATABASE_POOL_MAX": "0",
    }
    command = [sys.executable, "manage.py", "rotate_field_keys", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def encrypted_with_the_ring(row: UUID, owner: UUID, number: str) -> bytes:
    """Return a number encrypted without a data key, as in early versions."""
    return key_ring.encrypt(LABEL, key_ring.encode_associated_data(LABEL, str(row), str(owner)), f'"{number}"'.encode())


@pytest.fixture
def numbers(settings: Settings) -> dict[UUID, str]:
    """Create ROWS accounts under the old ring and return their numbers. A tenth of the owners has a data key."""
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    owners = User.objects.bulk_create([User(email=f"owner{number}@example.com") for number in range(OWNERS)])
    rows = {uuid7(): owners[number % OWNERS].pk for number in range(ROWS)}
    texts = {row: f"NUMBER{number:08d}" for number, row in enumerate(rows)}
    values = [encrypted_with_the_ring(row, owner, texts[row]) for row, owner in rows.items()]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [list(rows), list(rows.values()), values])
    with data_keys.cached_in_transaction(owner.pk for owner in owners[:: OWNERS // (OWNERS // 10)]):
        pass
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    return texts


class Writer(threading.Thread):
    """A thread that changes or re-saves numbers of its own rows until it is stopped."""

    def __init__(self, share: list[UUID], numbers: dict[UUID, str], stop: threading.Event) -> None:
        super().__init__()
        self.share, self.numbers, self.stop, self.writes = share, numbers, stop, 0
        self.written: set[UUID] = set()

    def run(self) -> None:
        use_staff_role()
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
    """Stop the writers and wait until they have ended."""
    for writer in writers:
        writer.stop.set()
    for writer in writers:
        writer.join()


def old_rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM finance_encryptedfinancialprofile WHERE get_byte(account_number, 0) <> 2")
        return int(cursor.fetchone()[0])


def reencrypted(writers: list[Writer]) -> int:
    """Return the number of rows that only a rotation has encrypted again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM finance_encryptedfinancialprofile WHERE get_byte(account_number, 0) = 2")
        new = {key for (key,) in cursor.fetchall()}
    return len(new.difference(*[set(writer.written) for writer in writers]))


def kill_rotation(writers: list[Writer]) -> int:
    """Kill a rotation after its first batch and return the number of rows under the old ring."""
    before, victim = reencrypted(writers), rotate()
    until(lambda: "yes" if victim.poll() is not None or reencrypted(writers) > before else "", "a batch")
    victim.kill()
    victim.wait()
    return old_rows()


def test_several_kills_beside_eight_writers_lose_nothing(
    numbers: dict[UUID, str], writers: list[Writer], settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    left = [kill_rotation(writers) for _ in range(KILLS)]
    last = rotate()
    output, _ = last.communicate()
    finish(writers)
    assert last.returncode == 0, output
    assert "0 rows were re-encrypted" in rotate().communicate()[0]
    assert "0 rows need to be re-encrypted" in rotate("--dry-run").communicate()[0]
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
            f"\n{ROWS:,} rows, old after each kill: {left}, then: {output.splitlines()[-1]} {writes:,} writes beside.\n"
        )
