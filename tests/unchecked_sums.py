"""Changes of the parts and shares of transactions without their counterparts, as an erasure makes them."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from core.postgres.local_settings import FORGET_SETTING, local_setting


@contextmanager
def unchecked_sums() -> Iterator[None]:
    """Excuse the block from the triggers that check the sums of parts."""
    with local_setting(FORGET_SETTING, "on"), connection.cursor() as cursor:
        yield
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
