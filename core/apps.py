from django.apps import AppConfig
from django.db import connections
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate

from core import rls
from core.postgres import partitions

EXECUTE_WRAPPER_UID = "core.rls.roles"
MONTHS = "core.postgres.partitions"


class CoreConfig(AppConfig):
    name = "core"
    label = "core"
    verbose_name = "Foundation"

    def ready(self) -> None:
        connection_created.connect(rls.install_execute_wrapper, dispatch_uid=EXECUTE_WRAPPER_UID)
        post_migrate.connect(create_month_partitions, sender=self, dispatch_uid=MONTHS)


def create_month_partitions(using: str, **_: object) -> None:
    """Create the partitions of the coming months after `migrate`, without waiting for the daily job."""
    with rls.as_login_role():  # migrate logs in as the owner of the tables
        partitions.create_month_partitions(connections[using])
