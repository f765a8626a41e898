"""A backup that is restored is the same database: rows, policies, grants, triggers and sealed values."""

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
SEALED = """
from django.apps import apps
from core.encryption.key_ring import EncryptionError
from core.encryption.fields import is_encrypted

def opened(row, name):
    try:
        return repr(getattr(row, name))
    except EncryptionError as error:
        return type(error).__name__

for model in apps.get_models():
    for field in model._meta.concrete_fields:
        if is_encrypted(field):
            for row in model._base_manager.filter(**{f"{field.name}__isnull": False}).order_by("pk"):
                print(row.user_id, model.__name__, row.pk, field.name, opened(row, field.name))
"""
ERASED = """
from users.models import AccountErasure, User
from users.models.erasure import AskedBy
from users.privacy import erasure
user = User.objects.get(pk="{}")
User.objects.filter(pk=user.pk).update(is_staff=False, is_superuser=False)
user.subscription_set.all().delete()
AccountErasure.objects.filter(user=user).delete()  # the scene has one that is over
erasure.run_erasure(erasure.begin_erasure(user, asked_by=AskedBy.COMMAND))
"""
BOOKS = """
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
WALLS = {
    "policies": "SELECT tablename, policyname, roles, cmd, qual, with_check FROM pg_policies ORDER BY 1, 2",
    "fences": "SELECT relname, relrowsecurity, relforcerowsecurity, relowner::regrole::text FROM pg_class"
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


def looked_at(address: str) -> dict[str, Any]:
    """Every row's hash by table, and what stands around the rows."""
    with psycopg.connect(address) as connection:
        tables = [name for (name,) in connection.execute(TABLES)]
        rows = {name: connection.execute(HASH.format(sql.Identifier(name))).fetchone() for name in tables}
        return {"rows": rows} | {name: connection.execute(query).fetchall() for name, query in WALLS.items()}


@pytest.fixture(scope="module")
def furnished(database: str) -> str:
    """The address of a database in which two customers have everything that a customer can have."""
    address = url("DATABASE_URL", database)
    done(manage("migrate", "-v0", DATABASE_URL=address))
    done(manage("shell", "-v0", script=SCENE, DATABASE_URL=address))
    return address


def back_up(database: str, folder: Path) -> None:
    environment = os.environ | {"BACKUP_URL": url("SUPERUSER_URL", database), "PATH": f"{PROGRAMS}:{os.environ['PATH']}"}
    subprocess.run([ROOT / "tools/backup.sh", folder], check=True, env=environment)


@contextmanager
def restored(name: str, database: Path, keys: Path) -> Iterator[str]:
    """A database called `name` made from the two files of a backup."""
    with psycopg.connect(SUPERUSER_URL, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER mingus")
        try:
            restore: list[Any] = [PROGRAMS / "pg_restore", "--exit-on-error", f"--dbname={url('SUPERUSER_URL', name)}"]
            subprocess.run([*restore, database], check=True)
            subprocess.run([*restore, "--data-only", "--disable-triggers", keys], check=True)
            yield url("DATABASE_URL", name)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def opened(address: str) -> list[str]:
    """Every sealed value in clear, or the name of the error."""
    return done(manage("shell", "-v0", script=SEALED, DATABASE_URL=address)).splitlines()


def test_a_restored_backup_is_the_same_database(database: str, furnished: str, tmp_path: Path) -> None:
    back_up(database, tmp_path)
    [dump] = tmp_path.glob("database-*.dump")
    with restored(f"{database}_copy", dump, tmp_path / "datakeys.dump") as copy:
        before, after = looked_at(url("SUPERUSER_URL", database)), looked_at(url("SUPERUSER_URL", f"{database}_copy"))
        assert before["rows"]["finance_financialtransaction"][0] >= 2
        assert after == before
        assert any("account_number" in line for line in opened(furnished))
        assert opened(copy) == opened(furnished)


def test_an_old_backup_opens_nothing_of_who_was_erased_since(database: str, furnished: str, tmp_path: Path) -> None:
    before, totals = opened(furnished), done(manage("shell", "-v0", script=BOOKS, DATABASE_URL=furnished))
    back_up(database, tmp_path)
    [old] = tmp_path.glob("database-*.dump")
    [erased] = {line.split()[0] for line in before} - {line.split()[0] for line in before[:1]}
    done(manage("shell", "-v0", script=ERASED.format(erased), DATABASE_URL=furnished))
    back_up(database, tmp_path)
    with restored(f"{database}_copy", old, tmp_path / "datakeys.dump") as copy:
        lines = opened(copy)
    assert len(lines) == len(before)
    assert {line.split()[-1] for line in lines if line.startswith(erased)} == {"MissingDataKeyError"}
    assert [line for line in lines if not line.startswith(erased)] == [line for line in before if not line.startswith(erased)]
    assert done(manage("shell", "-v0", script=BOOKS, DATABASE_URL=furnished)) == totals
