"""Endpoints of the account API that replace allauth's own.

A request to reset a password only stores a job, so neither the response nor its timing reveals whether an account exists.
"""

from http import HTTPStatus
from typing import Any, cast

import orjson
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.decorators import rate_limit
from allauth.headless.account.inputs import (
    AddEmailInput,
    ChangePasswordInput,
    LoginInput,
    MarkAsPrimaryEmailInput,
    ResetPasswordInput,
    SignupInput,
)
from allauth.headless.account.views import ChangePasswordView, LoginView, ManageEmailView, RequestPasswordResetView
from allauth.headless.base.response import AuthenticationResponse
from allauth.headless.base.views import APIView
from allauth.headless.constants import Client
from allauth.headless.internal.restkit import inputs
from allauth.headless.internal.restkit.response import APIResponse
from allauth.headless.mfa.inputs import ActivateTOTPInput, AddWebAuthnInput
from allauth.headless.mfa.views import ManageTOTPView, ManageWebAuthnView
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from django.forms import CharField
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.decorators import method_decorator

from core import clock, jobs
from core.api.errors import problem
from core.errors import DomainError
from users import email_changes, login_codes, services, tasks
from users.adapter import require_shown_factor
from users.models import User
from users.sessions import SessionStore

# allauth's forms and Django's own keep the spaces around a password, its inputs would remove them
for form in (SignupInput, LoginInput, ResetPasswordInput, ChangePasswordInput):
    for name, field in form.base_fields.items():
        if "password" in name and isinstance(field, CharField):
            field.strip = False


class PasswordAndCodeInput(LoginInput):
    """Email address and password, and optionally a code of a second factor."""

    code = inputs.CharField(required=False, max_length=login_codes.MAX_CODE_LENGTH)

    def clean(self) -> Any:
        login_codes.set_code(context.request, self.cleaned_data.get("code", ""))
        return super().clean()


class PasswordLoginView(LoginView):
    """`POST /_allauth/<client>/v1/auth/login`."""

    input_class: Any = PasswordAndCodeInput

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post(request, *args, **kwargs)
        return AuthenticationResponse(request) if login_codes.complete_login(request) else response


class ResetInput(inputs.Input):
    email = inputs.EmailField()

    def clean_email(self) -> str:
        return str(get_adapter().clean_email(self.cleaned_data["email"].lower()))

    def save(self, request: HttpRequest) -> None:
        jobs.enqueue(tasks.send_reset_mail, email=self.cleaned_data["email"])


class RequestResetView(RequestPasswordResetView):
    """`POST /_allauth/<client>/v1/auth/password/request`."""

    input_class: Any = ResetInput


class PasswordInput(ChangePasswordInput):
    """A new password with the present one, or without one after a recent reauthentication."""

    def clean_current_password(self) -> str:
        require_shown_factor(context.request)
        typed = str(self.cleaned_data["current_password"])
        if not self.user.has_usable_password():
            raise_if_reauthentication_required(context.request, app="allauth.account")
        # SECURITY: counted like a login, or a stolen session could guess the password here
        elif not get_adapter().reauthenticate(self.user, typed):
            raise get_adapter().validation_error("enter_current_password")
        return typed


class PasswordView(ChangePasswordView):
    """`POST /_allauth/<client>/v1/account/password/change`."""

    input_class: Any = PasswordInput


class NewEmailInput(AddEmailInput):
    """An address that the account is to change to, with the checks and emails of `PATCH /api/v1/users/me/`."""

    def save(self, request: HttpRequest) -> EmailAddress:
        email, user = self.cleaned_data["email"], cast("User", self.user)
        return email_changes.request_change(request=request, user=user, email=email) or EmailAddress(user=user, email=email)


class PrimaryEmailInput(MarkAsPrimaryEmailInput):
    """allauth would accept an unconfirmed address for an account without a confirmed one."""

    def clean_email(self) -> EmailAddress:
        address: EmailAddress = super().clean_email()
        if not address.verified:
            raise get_adapter().validation_error("unverified_primary_email")
        return address


class EmailView(ManageEmailView):
    """`/_allauth/<client>/v1/account/email`."""

    input_class: Any = ManageEmailView.input_class | {"POST": NewEmailInput, "PATCH": PrimaryEmailInput}


class FirstCodeInput(ActivateTOTPInput):
    end_other_access = inputs.BooleanField(required=False)


class TOTPView(ManageTOTPView):
    """`/_allauth/<client>/v1/account/authenticators/totp`."""

    input_class: Any = {"POST": FirstCodeInput}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post(request, *args, **kwargs)
        factor = Authenticator.objects.get(user=cast("User", request.user), type=Authenticator.Type.TOTP)
        factor.wrap().validate_code(self.input.cleaned_data["code"])  # marks it as used, so that it can't be used to log in
        return with_other_access(request, response, factor, ends=self.input.cleaned_data["end_other_access"])


class SecurityKeyInput(AddWebAuthnInput):
    end_other_access = inputs.BooleanField(required=False)


class SecurityKeyView(ManageWebAuthnView):
    """`/_allauth/<client>/v1/account/authenticators/webauthn`."""

    input_class: Any = ManageWebAuthnView.input_class | {"POST": SecurityKeyInput}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post(request, *args, **kwargs)
        factor = Authenticator.objects.get(pk=orjson.loads(response.content)["data"]["id"])
        return with_other_access(request, response, factor, ends=self.input.cleaned_data["end_other_access"])


def with_other_access(request: HttpRequest, response: HttpResponse, factor: Authenticator, *, ends: bool) -> HttpResponse:
    """End what began before a new factor if `ends`, and add what is left to the response, so that a client can offer to end it.

    The factor counts as shown in this session, because its user has just proven to have it.
    """
    post_authentication(request, factor, reauthenticated=True)
    user, digest = cast("User", request.user), cast("SessionStore", request.session).digest
    if ends:
        services.end_other_access(user, digest)
    body = orjson.loads(response.content)
    body["meta"] = body.get("meta", {}) | {"other_access": services.count_other_access(user, digest)}
    response.content = orjson.dumps(body)
    return response


class UndoInput(inputs.Input):
    key = inputs.CharField()


@method_decorator(rate_limit(action="reset_password_from_key"), name="handle")
class UndoEmailChangeView(APIView):
    """`POST /_allauth/<client>/v1/auth/email/undo`, with the key that the former address was sent."""

    input_class = UndoInput

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            email = email_changes.undo_change(self.input.cleaned_data["key"], now=clock.now())
        except DomainError as error:
            return problem(error.status, error.code, error.message, error.field)
        return APIResponse(request, data={"email": email}, status=HTTPStatus.OK)


VIEWS = {
    "account/authenticators/totp": TOTPView,
    "account/authenticators/webauthn": SecurityKeyView,
    "auth/login": PasswordLoginView,
    "auth/password/request": RequestResetView,
    "auth/email/undo": UndoEmailChangeView,
    "account/password/change": PasswordView,
    "account/email": EmailView,
}
urlpatterns = [
    path(f"{client.value}/v1/{name}", view.as_api_view(client=client)) for client in Client for name, view in VIEWS.items()
]
