"""The button on the page of an account that erases it."""

from typing import Any

from django.http import HttpRequest

from core.admin import confirmed_action
from users.models import User
from users.models.erasure import RequestedBy
from users.tasks import start_erasure


class Erasable:
    """A mixin for the admin of accounts, which adds the action "erase" for administrators."""

    def has_erase_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_active and request.user.is_superuser

    @confirmed_action(
        title="Erase",
        description="Ends all access now and erases all data of this customer. This can't be undone.",
        icon="delete_forever",
        permission="erase",
    )
    def erase(self, request: HttpRequest, user: User) -> None:
        start_erasure(user, requested_by=RequestedBy.STAFF)
