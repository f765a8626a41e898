"""Restored backups against the original database: rows, policies, grants, triggers and encrypted values."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.integration.conftest import ROOT, SUPERUSER_URL, done, manage, url

pytestmark = pytest.mark.integration
PROGRAMS = Path("/usr/lib/postgresql/15/bin")
SCENE = """
from dev.routes import make
from dev.factories import FACTORIES, UserFactory
for user in UserFactory.create_batch(2):
    for model in filter(None, FACTORIES):
        make(model, 1, user)
"""
ENCRYPTED_VALUES = """
from django.apps import apps
from core.encryption.key_ring import EncryptionError
from core.encryption.fields import is_encrypted

def decrypted(row, name):
    try:
        return repr(getattr(row, name))
    except EncryptionError as error:
        return type(error).__name__

for model in apps.get_models():
    for field in model._meta.concrete_fields:
        if is_encrypted(field):
            for row in model._base_manager.filter(**{f"{field.name}__isnull": False}).order_by("pk"):
                print(row.user_id, model.__name__, row.pk, field.name, decrypted(row, field.name))
"""
ERASE = """
from users.models import AccountErasure, User
from users.models.erasure import RequestedBy
from users.privacy import erasure
user = User.objects.get(pk="{}")
User.objects.filter(pk=user.pk).update(is_staff=False, is_superuser=False)
user.subscription_set.all().delete()
AccountErasure.objects.filter(user=user).delete()  # SCENE creates a finished one
erasure.run_erasure(erasure.begin_erasure(user, requested_by=RequestedBy.COMMAND))
"""
TOTALS = """
from django.db.models import Count, Sum
from billing.models import BillingHistory
sums = Sum("amount"), Sum("amount_refunded"), Count("pk")
print(list(BillingHistory.objects.values_list("currency", "status").annotate(*sums).order_by("currency", "status")))
"""
TABLES = """
SELECT oid::regclass::text FROM pg_class
 WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace ORDER BY 1
"""
HASH = sql.SQL("SELECT count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM {} t")
CATALOG = {
    "policies": "SELECT tablename, policyname, roles, cmd, qual, with_check FROM pg_policies ORDER BY 1, 2",
    "row-level security": "SELECT relname, relrowsecurity, relforcerowsecurity, relowner::regrole::text FROM pg_class"
    " WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace ORDER BY 1",
    "grants": "SELECT relname, (SELECT array_agg(item::text ORDER BY item::text) FROM unnest(relacl) item) FROM pg_class"
    " WHERE relnamespace = 'public'::regnamespace ORDER BY 1",
    "columns": "SELECT attrelid::regclass::text, attname, attacl::text FROM pg_attribute WHERE attacl IS NOT NULL"
    " AND attrelid >= 16384 ORDER BY 1, 2",
    "triggers": "SELECT tgrelid::regclass::text, tgname, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger"
    " WHERE NOT tgisinternal ORDER BY 1, 2",
    "functions": "SELECT proname, prosecdef, proacl::text, md5(prosrc) FROM pg_proc"
    " WHERE pronamespace = 'public'::regnamespace ORDER BY 1, 4",
}


def snapshot(database_url: str) -> dict[str, Any]:
    """Return a hash of each table's rows, and the policies, grants, triggers and functions of the database."""
    with psycopg.connect(database_url) as connection:
        tables = [name for (name,) in connection.execute(TABLES)]
        rows = {name: connection.execute(HASH.format(sql.Identifier(name))).fetchone() for name in tables}
        return {"rows": rows} | {name: connection.execute(query).fetchall() for name, query in CATALOG.items()}


@pytest.fixture(scope="module")
def original(database: str) -> str:
    """Return the URL of a database in which two customers have rows of every model."""
    database_url = url("DATABASE_URL", database)
    done(manage("migrate", "-v0", DATABASE_URL=database_url))
    done(manage("shell", "-v0", script=SCENE, DATABASE_URL=database_url))
    return database_url


def back_up(database: str, folder: Path) -> None:
    environment = os.environ | {"BACKUP_URL": url("SUPERUSER_URL", database), "PATH": f"{PROGRAMS}:{os.environ['PATH']}"}
    subprocess.run([ROOT / "tools/backup.sh", folder], check=True, env=environment)


@contextmanager
def restored(name: str, database: Path, keys: Path) -> Iterator[str]:
    """Restore a backup's two files into a new database and yield its URL."""
    with psycopg.connect(SUPERUSER_URL, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER mingus")
        try:
            restore: list[Any] = [PROGRAMS / "pg_restore", "--exit-on-error", f"--dbname={url('SUPERUSER_URL', name)}"]
            subprocess.run([*restore, database], check=True)
            subprocess.run([*restore, "--data-only", "--disable-triggers", keys], check=True)
            yield url("DATABASE_URL", name)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def decrypted_values(database_url: str) -> list[str]:
    """Return every encrypted value in clear, or the name of its error."""
    return done(manage("shell", "-v0", script=ENCRYPTED_VALUES, DATABASE_URL=database_url)).splitlines()


def test_a_restored_backup_is_the_same_database(database: str, original: str, tmp_path: Path) -> None:
    back_up(database, tmp_path)
    [dump] = tmp_path.glob("database-*.dump")
    with restored(f"{database}_copy", dump, tmp_path / "datakeys.dump") as copy:
        before, after = snapshot(url("SUPERUSER_URL", database)), snapshot(url("SUPERUSER_URL", f"{database}_copy"))
        assert before["rows"]["finance_financialtransaction"][0] >= 2
        assert after == before
        assert any("account_number" in line for line in decrypted_values(original))
        assert decrypted_values(copy) == decrypted_values(original)


def test_an_old_backup_cannot_decrypt_users_erased_since(database: str, original: str, tmp_path: Path) -> None:
    before, totals = decrypted_values(original), done(manage("shell", "-v0", script=TOTALS, DATABASE_URL=original))
    back_up(database, tmp_path)
    [old] = tmp_path.glob("database-*.dump")
    [erased] = {line.split()[0] for line in before} - {line.split()[0] for line in before[:1]}
    done(manage("shell", "-v0", script=ERASE.format(erased), DATABASE_URL=original))
    back_up(database, tmp_path)
    with restored(f"{database}_copy", old, tmp_path / "datakeys.dump") as copy:
        lines = decrypted_values(copy)
    assert len(lines) == len(before)
    assert {line.split()[-1] for line in lines if line.startswith(erased)} == {"MissingDataKeyError"}
    assert [line for line in lines if not line.startswith(erased)] == [line for line in before if not line.startswith(erased)]
    assert done(manage("shell", "-v0", script=TOTALS, DATABASE_URL=original)) == totals
