"""Registers the floor as a Django app, so that its few tables have migrations."""

from django.apps import AppConfig


class KitConfig(AppConfig):
    name = "mingus.kit"
    label = "kit"
    verbose_name = "Foundation"
