"""Canaries in every encrypted column, searched for in dumps, logs, pages and reprs.

CANARIES=2000 is the acceptance figure; the suite stores fewer in each column.
"""

import base64
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.db import connection, models
from django.test import RequestFactory
from django.views.debug import technical_500_response
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings

from core import jobs, rls
from core.encryption.fields import EncryptedField, encrypted_fields
from core.mail import QueuedBackend
from dev.factories import FACTORIES, UserFactory
from dev.postgres.binaries import find_programs

pytestmark = pytest.mark.django_db(transaction=True)
CANARIES = int(os.environ.get("CANARIES", "120"))
MARK = b"CANARYq7Zx"  # the beginning of every canary
MAILS = CANARIES // 10
COLUMNS = [(model, field) for model in apps.get_models() for field in encrypted_fields(model)]


def canary(number: int) -> str:
    return f"{MARK.decode()}{number:06d}"


def encodings(mark: bytes) -> list[bytes]:
    """Return `mark` raw, in hexadecimal, and in base64 at each of its three possible offsets."""
    shifted = [base64.b64encode(b"\0" * shift + mark)[4 * (shift > 0) :][:-4] for shift in range(3)]
    return [mark, mark.hex().encode(), mark.hex().upper().encode(), *shifted]


def found_in(text: bytes) -> list[bytes]:
    return [form for form in encodings(MARK) if form in text]


@pytest.fixture
def no_jobs() -> Iterator[None]:
    """Empty the job queue before and after, as Django does not empty unmanaged tables."""
    ProcrastinateJob.objects.all()._raw_delete("default")
    yield
    ProcrastinateJob.objects.all()._raw_delete("default")


@pytest.fixture
def rows(no_jobs: None) -> list[tuple[models.Model, EncryptedField]]:
    """Create rows with canaries in every encrypted column of every model, and queued mails with canaries."""
    each = (CANARIES - MAILS) // len(COLUMNS) + 1
    created = []
    owners = UserFactory.create_batch(10)
    for model, field in COLUMNS:
        for number in range(each):
            row = FACTORIES[model](user=owners[number % len(owners)])
            setattr(row, field.attname, canary(number).encode() if isinstance(field, models.BinaryField) else canary(number))
            row.save()
            created.append((row, field))
    mails = [EmailMessage(canary(number), canary(number), "a@example.com", ["b@example.com"]) for number in range(MAILS)]
    assert QueuedBackend().send_messages(mails) == MAILS
    assert len(created) + MAILS >= CANARIES
    return created


def run_pg_dump(folder: Path, *arguments: str) -> bytes:
    """Return the output of pg_dump for the test database."""
    settings = connection.settings_dict
    environment = {"PATH": os.environ["PATH"], "PGPASSWORD": settings["PASSWORD"]}
    login = [f"--host={settings['HOST']}", f"--port={settings['PORT']}", f"--username={settings['USER']}"]
    program = find_programs(folder).folder / "pg_dump"
    command = [str(program), *login, "--enable-row-security", *arguments, settings["NAME"]]
    result = subprocess.run(command, env=environment, check=False, capture_output=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return result.stdout


def tables_of_staff() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace "
            "AND has_table_privilege('mingus_staff', oid, 'SELECT')"
        )
        return [name for (name,) in cursor.fetchall()]


@pytest.fixture
def staff_may_dump() -> Iterator[None]:
    """Grant the staff role the sequences, which pg_dump reads too."""
    with rls.as_login_role(), connection.cursor() as cursor:
        cursor.execute("GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO mingus_staff")
    yield
    with rls.as_login_role(), connection.cursor() as cursor:
        cursor.execute("REVOKE SELECT ON ALL SEQUENCES IN SCHEMA public FROM mingus_staff")


def whole_dump(folder: Path, *form: str) -> bytes:
    """Return a dump of every row: as the staff role, which sees all rows of its tables, and the other tables as their owner."""
    tables = tables_of_staff()
    staffs = run_pg_dump(folder, *form, "--role=mingus_staff", *(f"--table=public.{table}" for table in tables))
    others = run_pg_dump(folder, *form, *(f"--exclude-table=public.{table}" for table in tables))
    return staffs + others


def error_page(rf: RequestFactory, loaded: list[Any]) -> bytes:
    """Return Django's debug page of an error with rows and their values in local variables."""
    values = [getattr(row, field.attname) for row, field in loaded]
    assert len(values) == len(loaded)
    del values
    row, field = loaded[0]
    queryset, state, value = type(row).objects.all(), dict(vars(row)), field.value_from_object(row)
    try:
        raise RuntimeError(queryset, state, value)
    except RuntimeError:
        return technical_500_response(rf.get("/"), *sys.exc_info()).content


@pytest.mark.parametrize("form", encodings(MARK))
def test_the_search_finds_canaries(form: bytes) -> None:
    assert any(found_in(noise + form) for noise in (b"", b"x", b"xy"))
    assert all(found_in(base64.b64encode(b"z" * shift + MARK + b"000001")) for shift in range(7))


def test_every_encrypted_column_is_tested() -> None:
    assert {f"{model._meta.label}.{field.name}" for model, field in COLUMNS} >= {
        "finance.EncryptedFinancialProfile.account_number",
        "finance.EncryptedFinancialProfile.routing_number",
        "core.IdempotencyKey.response",
    }


@pytest.mark.usefixtures("staff_may_dump")
def test_no_canary_leaves_its_column(
    rows: list[Any], rf: RequestFactory, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("django.db.backends").setLevel(logging.DEBUG)
        connection.force_debug_cursor = True
        loaded = [(type(row).objects.get(pk=row.pk), field) for row, field in rows]
        values = [getattr(row, field.attname) for row, field in loaded]
        assert {(value if isinstance(value, bytes) else str(value).encode())[: len(MARK)] for value in values} == {MARK}
        [row.save() for row, _ in loaded[:50]]
        page = error_page(rf, loaded)
        shown = "".join(f"{row!r}{row}{vars(row)}{row.to_dict()}" for row, _ in loaded).encode()
    connection.force_debug_cursor = False
    plain, custom = whole_dump(tmp_path), whole_dump(tmp_path, "--format=custom", "--compress=0")
    dumped = StringIO()
    call_command("dumpdata", stdout=dumped)
    output = capfd.readouterr()
    places = {
        "pg_dump": plain,
        "pg_dump --format=custom": custom,
        "dumpdata": dumped.getvalue().encode(),
        "log": caplog.text.encode(),
        "output": (output.out + output.err).encode(),
        "page": page,
        "repr": shown,
    }
    assert {name: found_in(text) for name, text in places.items() if found_in(text)} == {}
    keys = [str(row.pk) for row, _ in rows]
    assert all(key.encode() in plain for key in keys)
    assert all(key in dumped.getvalue() for key in keys)
    assert len(json.loads(dumped.getvalue())) > len(rows)
    assert caplog.text.count("UPDATE") >= 50


@pytest.mark.usefixtures("rows")
def test_the_mails_are_sent_with_their_canaries(settings: Settings, mailoutbox: list[EmailMessage]) -> None:
    settings.EMAIL_DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    jobs.run_pending()
    assert sorted(mail.subject for mail in mailoutbox) == [canary(number) for number in range(MAILS)]
