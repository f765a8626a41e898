"""Registers the floor as a Django app, so that its few tables have migrations."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate

from core import rls
from core.postgres import partitions

FOLLOWING = "core.rls.roles"
MONTHS = "core.postgres.partitions"


class KitConfig(AppConfig):
    name = "core"
    label = "core"
    verbose_name = "Foundation"

    def ready(self) -> None:
        connection_created.connect(rls.follow_context, dispatch_uid=FOLLOWING)
        post_migrate.connect(make_months, sender=self, dispatch_uid=MONTHS)


def make_months(using: str, **_: Any) -> None:
    """Make the months to come when the tables have changed, so that nothing waits for the daily job."""
    with rls.nobody():  # as the tables' owner
        partitions.make_months(connections[using])
