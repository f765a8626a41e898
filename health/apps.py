from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class HealthConfig(AppConfig):
    name = "health"

    def ready(self) -> None:
        autodiscover_modules("receivers")
