"""A killed import stores everything or nothing and can be repeated (rule 9)."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import pytest
from django.db import connection, transaction

from dev.factories import AccountFactory
from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImport, StatementImportRow
from tests.finance.imports.statement_files import csv_file

ROWS = 10_000
REPOSITORY = Path(__file__).resolve().parents[3]

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def account() -> EncryptedFinancialProfile:
    return AccountFactory()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "year.csv"
    path.write_bytes(csv_file(*[f"2026-03-{number % 28 + 1:02},-{number % 97 + 1}.00,Shop {number}" for number in range(ROWS)]))
    return path


def database_url() -> str:
    """Return the test database's URL for another process."""
    given = connection.settings_dict
    owner = f"{quote(given['USER'])}:{quote(given['PASSWORD'])}"
    return f"postgresql://{owner}@{given['HOST']}:{given['PORT']}/{given['NAME']}"


def start(file: Path, account: UUID) -> subprocess.Popen[bytes]:
    command = [sys.executable, "manage.py", "import_statement", str(file), "--account", str(account)]
    environment = os.environ | {"DATABASE_URL": database_url(), "DATABASE_POOL_MAX": "0"}
    return subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def is_at_work(account: UUID) -> bool:
    """Return True if another session holds the account's lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM finance_encryptedfinancialprofile WHERE id = %s FOR UPDATE SKIP LOCKED", [account])
        return cursor.fetchone() is None


def kill_in_the_middle(file: Path, account: UUID, after: float) -> int:
    """Kill an import after `after` seconds of work and return its exit status."""
    process = start(file, account)
    while process.poll() is None and not is_at_work(account):
        time.sleep(0.02)
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    return process.wait(30)


def wait_until_free(account: UUID) -> None:
    """Wait for the account's lock, which the server releases when it notices the lost client."""
    with transaction.atomic():
        EncryptedFinancialProfile.objects.select_for_update().get(pk=account)


def counts() -> tuple[int, int, int]:
    return StatementImport.objects.count(), StatementImportRow.objects.count(), FinancialTransaction.objects.count()


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_import_leaves_everything_or_nothing(file: Path, account: EncryptedFinancialProfile, seed: int) -> None:
    after = random.Random(seed).uniform(0.0, 1.5)
    kill_in_the_middle(file, account.pk, after)
    wait_until_free(account.pk)
    assert counts() in {(0, 0, 0), (1, ROWS, ROWS)}
    assert start(file, account.pk).wait(120) == 0
    assert FinancialTransaction.objects.count() == ROWS
