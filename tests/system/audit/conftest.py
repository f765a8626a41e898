"""Fixtures that change the audit log as the owner of its tables."""

from collections.abc import Callable

import pytest
from django.db import connection

from core import rls
from dev.factories import AlertFactory
from system.models import AuditEvent

Tamper = Callable[..., None]


@pytest.fixture
def tamper(db: None) -> Tamper:
    """Return a function that runs a statement as the tables' owner, after it has disabled triggers and row-level security."""

    def run(sql: str, *values: object) -> None:
        with rls.as_login_role(), connection.cursor() as cursor:
            for table in ("system_auditevent", "system_auditblock", "system_auditsignature"):
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER, NO FORCE ROW LEVEL SECURITY")
            cursor.execute(sql, values)
            assert cursor.rowcount == 1

    return run


@pytest.fixture
def event(db: None) -> AuditEvent:
    """Return the event of one of several changes."""
    alerts = AlertFactory.create_batch(3)
    return AuditEvent.objects.of_row("system_systemalert", alerts[1].pk).get()
