"""Registers the floor as a Django app, so that its few tables have migrations."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created

from mingus.kit import rls

FOLLOWING = "mingus.kit.rls"


class KitConfig(AppConfig):
    name = "mingus.kit"
    label = "kit"
    verbose_name = "Foundation"

    def ready(self) -> None:
        connection_created.connect(rls.follow_context, dispatch_uid=FOLLOWING)
