"""Database privileges beyond those of production, for tests of constraints and triggers."""

import pytest
from django.db import connection

from core import rls


@pytest.fixture
def all_privileges(db: None) -> None:
    """Let staff write to every table, so that only constraints and triggers decide the result."""
    with rls.as_login_role(), connection.cursor() as cursor:
        cursor.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO mingus_staff")
