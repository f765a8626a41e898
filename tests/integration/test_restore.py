"""A backup that is restored is the same database: rows, policies, grants, triggers and sealed values."""

import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.integration.conftest import SUPERUSER_URL, done, manage, url

pytestmark = pytest.mark.integration
PROGRAMS = Path("/usr/lib/postgresql/15/bin")
SCENE = """
from tests.contract.routes import make
from tests.factories import FACTORIES, UserFactory
for user in UserFactory.create_batch(2):
    for model in filter(None, FACTORIES):
        make(model, 1, user)
"""
SEALED = """
from mingus.kit.fields import is_sealed
from django.apps import apps
for model in apps.get_models():
    for field in model._meta.concrete_fields:
        if is_sealed(field):
            for row in model._base_manager.order_by("pk"):
                print(model.__name__, row.pk, field.name, getattr(row, field.name))
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


def test_a_restored_backup_is_the_same_database(database: str, tmp_path: Path) -> None:
    address, copy = url("DATABASE_URL", database), f"{database}_copy"
    done(manage("migrate", "-v0", DATABASE_URL=address))
    done(manage("shell", "-v0", script=SCENE, DATABASE_URL=address))
    dump = tmp_path / "backup"
    subprocess.run([PROGRAMS / "pg_dump", "-Fc", f"--file={dump}", url("SUPERUSER_URL", database)], check=True)
    with psycopg.connect(SUPERUSER_URL, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {copy} OWNER mingus")
        try:
            restore = [PROGRAMS / "pg_restore", "--exit-on-error", f"--dbname={url('SUPERUSER_URL', copy)}", dump]
            subprocess.run(restore, check=True)
            before, after = looked_at(url("SUPERUSER_URL", database)), looked_at(url("SUPERUSER_URL", copy))
            assert before["rows"]["finance_financialtransaction"][0] >= 2
            assert after == before
            opened = done(manage("shell", "-v0", script=SEALED, DATABASE_URL=address))
            assert "account_number" in opened
            assert done(manage("shell", "-v0", script=SEALED, DATABASE_URL=url("DATABASE_URL", copy))) == opened
        finally:
            connection.execute(f"DROP DATABASE {copy} WITH (FORCE)")
