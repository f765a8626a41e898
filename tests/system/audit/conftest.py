"""Somebody with power over the tables, who uses it."""

from collections.abc import Callable

import pytest
from django.db import connection

from core import rls
from dev.factories import AlertFactory
from system.models import AuditEvent

Tamper = Callable[..., None]


@pytest.fixture
def tamper(db: None) -> Tamper:
    """Run a statement as a superuser could: as the tables' owner, with the wall around the log taken down first."""

    def run(sql: str, *values: object) -> None:
        with rls.as_login_role(), connection.cursor() as cursor:
            for table in ("system_auditevent", "system_auditblock"):
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER, NO FORCE ROW LEVEL SECURITY")
            cursor.execute(sql, values)
            assert cursor.rowcount == 1

    return run


@pytest.fixture
def event(db: None) -> AuditEvent:
    """A change among others."""
    alerts = AlertFactory.create_batch(3)
    return AuditEvent.objects.of_row("system_systemalert", alerts[1].pk).get()
