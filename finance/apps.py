from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class FinanceConfig(AppConfig):
    name = "finance"

    def ready(self) -> None:
        autodiscover_modules("receivers")
