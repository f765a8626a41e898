"""App configuration that registers the system checks and makes the management commands available."""

from django.apps import AppConfig
from django.core.checks import Tags, register

from mingus import checks


class MingusConfig(AppConfig):
    name = "mingus"
    verbose_name = "MINGUS"

    def ready(self) -> None:
        for check in checks.SETTINGS_CHECKS:
            register(check)
        for check in checks.DATABASE_CHECKS:
            register(check, Tags.database)
        register(checks.serving_role_owns_no_table, Tags.database, deploy=True)
