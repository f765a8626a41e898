"""Buttons on the page of a customer that reveal masked values or start an impersonation. Both require a reason."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest

from core import clock
from core.admin import BaseAdmin, HiddenActionsMixin, ReasonForm, confirmed_action, reveal
from system.services import record_access
from users import impersonation
from users.models import Impersonation, User

SUPPORT_ACTIONS = ("reveal", "see_as_customer", "end_impersonation")
REVEAL_DURATION = timedelta(minutes=15)
CREDENTIAL_MESSAGE = (
    "Call the API with the header  Authorization: Impersonation {text}  until {until:%H:%M} UTC. It is not shown again."
)


class SupportActions(HiddenActionsMixin, BaseAdmin):
    """A mixin for the admin of accounts. Only administrators change staff accounts, which can't be impersonated."""

    def has_support_permission(self, request: HttpRequest, obj: Any) -> bool:
        # SECURITY: otherwise staff who may set passwords could log in as an administrator
        return bool(request.user.is_superuser) or not is_staff_account(obj)

    def has_reveal_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("users.reveal_user") and not is_staff_account(obj)

    def has_impersonate_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(impersonation.PERMISSION) and not is_staff_account(obj)

    def hidden_actions(self, request: HttpRequest, row: Any) -> set[str]:
        """Return "reveal" if no value is masked, and "end_impersonation" if nothing has started."""
        hidden = {"see_as_customer"} if is_staff_account(row) else set()
        if not self.hides(request, row):
            hidden.add("reveal")
        if not Impersonation.objects.filter(user_id=row.pk, staff_id=request.user.pk).running_at(clock.now()).exists():
            hidden.add("end_impersonation")
        return hidden

    @confirmed_action(
        title="Reveal",
        description="Shows you this customer's values for 15 minutes. The customer can see this in the access log.",
        icon="visibility",
        permission="reveal",
        form=ReasonForm,
    )
    def reveal(self, request: HttpRequest, user: User, cleaned_data: dict[str, Any]) -> None:
        now = clock.now()
        record_access(
            customer=user,
            staff=request.user,
            action="reveal",
            what="users.user",
            row_id=user.pk,
            reason=cleaned_data["reason"],
            now=now,
        )
        reveal(request, user.pk, until=now + REVEAL_DURATION)

    @confirmed_action(
        title="See as the customer",
        description="Lets you read the API as this customer for 30 minutes. The customer gets an alert.",
        icon="switch_account",
        permission="impersonate",
        form=ReasonForm,
    )
    def see_as_customer(self, request: HttpRequest, user: User, cleaned_data: dict[str, Any]) -> None:
        staff: Any = request.user
        begun, text = impersonation.start(customer=user, staff=staff, reason=cleaned_data["reason"], now=clock.now())
        self.message_user(request, CREDENTIAL_MESSAGE.format(text=text, until=begun.ends_at), messages.WARNING)

    @confirmed_action(
        title="Stop seeing as the customer", description="Ends it at once.", icon="logout", permission="impersonate"
    )
    def end_impersonation(self, request: HttpRequest, user: User) -> None:
        staff: Any = request.user
        impersonation.end_all(staff=staff, now=clock.now())


def is_staff_account(obj: Any) -> bool:
    """Return True if `obj` is a staff account. Unfold also passes primary keys, for which this returns False."""
    return isinstance(obj, User) and (obj.is_staff or obj.is_superuser)
