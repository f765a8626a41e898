"""Powers that nobody has in service, for tests of what holds whoever asks."""

import pytest
from django.db import connection

from core import rls


@pytest.fixture
def any_power(db: None) -> None:
    """Staff may write to every table: what the database refuses or records does not depend on what else is allowed."""
    with rls.as_login_role(), connection.cursor() as cursor:
        cursor.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO mingus_staff")
