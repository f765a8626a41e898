from django.apps import AppConfig
from django.db.models.signals import post_migrate


class UsersConfig(AppConfig):
    name = "users"

    def ready(self) -> None:
        from users import receivers, staff  # noqa: PLC0415 - models can be imported only now

        receivers.connect()
        post_migrate.connect(staff.sync_app, dispatch_uid="users.staff")
