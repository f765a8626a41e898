"""Buttons on the page of an account for actions that another staff member must approve."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminEmailInputWidget

from core import clock
from core.admin import BaseAdmin, ReasonForm, confirmed_action, link
from users import approved_actions
from users.models import Approval, User

WAITS = "Nothing has changed yet. Another staff member must approve this on {} until {} UTC."


class TypedAddressForm(ReasonForm):
    """The reason, and the email address of the account, so that nothing happens to another one by mistake."""

    email = forms.CharField(
        max_length=254,
        label="Email address of the account",
        widget=UnfoldAdminEmailInputWidget,
        help_text="Enter it completely, to confirm that this is the right account.",
    )
    field_order = ("email", "reason")

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).strip().lower()
        if not User.objects.filter(pk=self.object_id, email=email).exists():
            raise forms.ValidationError("This is not the email address of this account.", "other_address")
        return email


class ApprovedActions(BaseAdmin):
    """A mixin for the admin of accounts with the buttons for erasure and for the removal of second factors."""

    def has_erase_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_active and request.user.is_superuser

    @confirmed_action(
        title="Request erasure",
        description=(
            "Once another administrator has approved it, all access ends and all data of this customer is erased. "
            "That can't be undone."
        ),
        icon="delete_forever",
        permission="erase",
        form=TypedAddressForm,
    )
    def erase(self, request: HttpRequest, user: User, cleaned_data: dict[str, Any]) -> None:
        row = approved_actions.request_erasure(user, reason=cleaned_data["reason"], by=request.user, now=clock.now())
        self._tell_to_wait(request, row)

    @confirmed_action(
        title="Request removal of second factors",
        description=(
            "Only if you have verified the customer's identity. Once another staff member has approved it, the second factors "
            "are removed and all sessions end."
        ),
        icon="no_encryption",
        form=TypedAddressForm,
    )
    def remove_second_factors(self, request: HttpRequest, user: User, cleaned_data: dict[str, Any]) -> None:
        reason = cleaned_data["reason"]
        row = approved_actions.request_removal_of_factors(user, reason=reason, by=request.user, now=clock.now())
        self._tell_to_wait(request, row)

    def _tell_to_wait(self, request: HttpRequest, row: Approval) -> None:
        message = format_html(WAITS, link(row, "the request's page"), f"{row.expires_at:%Y-%m-%d %H:%M}")
        self.message_user(request, message, messages.WARNING)
