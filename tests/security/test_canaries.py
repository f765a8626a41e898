"""Canaries through every sealed column, and none of them outside: not in a dump, a log, a page or a repr.

CANARIES=2000 is the figure of the issue; the suite sends fewer through every column.
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


def disguises(mark: bytes) -> list[bytes]:
    """`mark` raw, in hexadecimal, and as it looks in base64 at each of the three places it can begin."""
    shifted = [base64.b64encode(b"\0" * shift + mark)[4 * (shift > 0) :][:-4] for shift in range(3)]
    return [mark, mark.hex().encode(), mark.hex().upper().encode(), *shifted]


def found_in(text: bytes) -> list[bytes]:
    return [form for form in disguises(MARK) if form in text]


@pytest.fixture
def no_jobs() -> Iterator[None]:
    """An empty queue, before and after: Django does not empty tables that it does not manage."""
    ProcrastinateJob.objects.all()._raw_delete("default")
    yield
    ProcrastinateJob.objects.all()._raw_delete("default")


@pytest.fixture
def rows(no_jobs: None) -> list[tuple[models.Model, EncryptedField]]:
    """Rows with canaries in every sealed column of every model, and as many waiting mails."""
    each = (CANARIES - MAILS) // len(COLUMNS) + 1
    kept = []
    owners = UserFactory.create_batch(10)
    for model, field in COLUMNS:
        for number in range(each):
            row = FACTORIES[model](user=owners[number % len(owners)])
            setattr(row, field.attname, canary(number))
            row.save()
            kept.append((row, field))
    mails = [EmailMessage(canary(number), canary(number), "a@example.com", ["b@example.com"]) for number in range(MAILS)]
    assert QueuedBackend().send_messages(mails) == MAILS
    assert len(kept) + MAILS >= CANARIES
    return kept


def programs_dump(folder: Path, *arguments: str) -> bytes:
    """pg_dump of the tests' database, as a role whom no row policy stops."""
    settings = connection.settings_dict
    environment = {"PATH": os.environ["PATH"], "PGPASSWORD": settings["PASSWORD"]}
    address = [f"--host={settings['HOST']}", f"--port={settings['PORT']}", f"--username={settings['USER']}"]
    program = find_programs(folder).folder / "pg_dump"
    command = [str(program), *address, "--enable-row-security", *arguments, settings["NAME"]]
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
    """pg_dump wants the counters of tables too, which staff need not see otherwise."""
    with rls.as_login_role(), connection.cursor() as cursor:
        cursor.execute("GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO mingus_staff")
    yield
    with rls.as_login_role(), connection.cursor() as cursor:
        cursor.execute("REVOKE SELECT ON ALL SEQUENCES IN SCHEMA public FROM mingus_staff")


def whole_dump(folder: Path, *form: str) -> bytes:
    """Every row of the database: staff's tables as staff, who see all rows, and the others as their owner."""
    tables = tables_of_staff()
    staffs = programs_dump(folder, *form, "--role=mingus_staff", *(f"--table=public.{table}" for table in tables))
    others = programs_dump(folder, *form, *(f"--exclude-table=public.{table}" for table in tables))
    return staffs + others


def error_page(rf: RequestFactory, held: list[Any]) -> bytes:
    """Django's page for developers, with rows and their values among the local variables."""
    opened = [getattr(row, field.attname) for row, field in held]
    assert len(opened) == len(held)
    del opened
    row, field = held[0]
    queryset, state, value = type(row).objects.all(), dict(vars(row)), field.value_from_object(row)
    try:
        raise RuntimeError(queryset, state, value)
    except RuntimeError:
        return technical_500_response(rf.get("/"), *sys.exc_info()).content


@pytest.mark.parametrize("form", disguises(MARK))
def test_the_search_finds_what_is_there(form: bytes) -> None:
    assert any(found_in(noise + form) for noise in (b"", b"x", b"xy"))
    assert all(found_in(base64.b64encode(b"z" * shift + MARK + b"000001")) for shift in range(7))


def test_every_column_that_is_sealed_is_walked() -> None:
    assert {f"{model._meta.label}.{field.name}" for model, field in COLUMNS} >= {
        "finance.EncryptedFinancialProfile.account_number",
        "finance.EncryptedFinancialProfile.routing_number",
        "core.IdempotencyKey.answer",
    }


@pytest.mark.usefixtures("staff_may_dump")
def test_no_canary_leaves_its_column(
    rows: list[Any], rf: RequestFactory, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("django.db.backends").setLevel(logging.DEBUG)
        connection.force_debug_cursor = True
        held = [(type(row).objects.get(pk=row.pk), field) for row, field in rows]
        assert {str(getattr(row, field.attname))[: len(MARK)] for row, field in held} == {MARK.decode()}
        [row.save() for row, _ in held[:50]]
        page = error_page(rf, held)
        shown = "".join(f"{row!r}{row}{vars(row)}{row.to_dict()}" for row, _ in held).encode()
    connection.force_debug_cursor = False
    plain, packed = whole_dump(tmp_path), whole_dump(tmp_path, "--format=custom", "--compress=0")
    dumped = StringIO()
    call_command("dumpdata", stdout=dumped)
    said = capfd.readouterr()
    places = {
        "pg_dump": plain,
        "pg_dump --format=custom": packed,
        "dumpdata": dumped.getvalue().encode(),
        "log": caplog.text.encode(),
        "output": (said.out + said.err).encode(),
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
def test_the_mails_say_their_canaries_to_the_receiver(settings: Settings, mailoutbox: list[EmailMessage]) -> None:
    settings.EMAIL_DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    jobs.run_pending()
    assert sorted(mail.subject for mail in mailoutbox) == [canary(number) for number in range(MAILS)]
