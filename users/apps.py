from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules, import_string


class UsersConfig(AppConfig):
    name = "users"

    def ready(self) -> None:
        autodiscover_modules("receivers", "upload_kinds", "approved_actions")
        post_migrate.connect(import_string("users.staff_groups.sync_groups"), dispatch_uid="users.staff_groups")
