from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        autodiscover_modules("receivers", "approved_actions")
