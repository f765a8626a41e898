"""What happens when a colleague logs out: what he had open in a customer's name ends with it."""

from typing import Any

from django.contrib.auth.signals import user_logged_out

from mingus.kit import clock, rls
from users import impersonation


def end_impersonations(sender: Any, user: Any = None, **_: Any) -> None:
    if user is not None and user.is_staff:
        with rls.everybody(reason="logged out"):
            impersonation.end_all(staff=user, now=clock.now())


def connect() -> None:
    user_logged_out.connect(end_impersonations, dispatch_uid="users.impersonation")
