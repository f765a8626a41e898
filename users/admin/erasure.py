"""The button on a customer's page that erases his account."""

from typing import Any

from django.http import HttpRequest

from core.admin import confirmed_action
from users.models import User
from users.models.erasure import AskedBy
from users.tasks import start_erasure


class Erasable:
    """Mixed into the page of accounts, with "erase" among its `actions_detail`. For administrators."""

    def has_erase_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_active and request.user.is_superuser

    @confirmed_action(
        title="Erase",
        question="Ends all access now and erases everything of this customer. Nobody can bring it back.",
        icon="delete_forever",
        permission="erase",
    )
    def erase(self, request: HttpRequest, user: User) -> None:
        start_erasure(user, asked_by=AskedBy.COLLEAGUE)
