"""Endpoints that log in, and that set, change and reset passwords.

A request to reset a password only stores a job, so neither the response nor its timing reveals whether an account exists.
"""

from typing import Any, cast

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.core import context
from allauth.headless.account.inputs import ChangePasswordInput, LoginInput, ResetPasswordInput, SignupInput
from allauth.headless.account.views import ChangePasswordView, LoginView, RequestPasswordResetView, ResetPasswordView
from allauth.headless.base.response import AuthenticationResponse
from allauth.headless.internal.restkit import inputs
from django.forms import CharField
from django.http import HttpRequest, HttpResponse

from core import clock, jobs
from core.api.errors import problem
from core.errors import DomainError
from users import email_codes, login_codes, tasks
from users.adapter import require_shown_factor
from users.email_codes import Purpose
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
        email, session = self.cleaned_data["email"], cast("SessionStore", request.session)
        code = email_codes.request_code(session, Purpose.RESET, email, now=clock.now())
        jobs.enqueue(tasks.send_reset_mail, email=email, code=str(code))


class RequestResetView(RequestPasswordResetView):
    """`POST /_allauth/<client>/v1/auth/password/request`."""

    input_class: Any = ResetInput

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response: HttpResponse = super().post(request, *args, **kwargs)
        except DomainError as error:
            return problem(error.status, error.code, error.message, retry_after=error.retry_after)
        return response


class KeyOrCodeInput(ResetPasswordInput):
    """A new password with the key of the mailed link, or with the code that was mailed to the session."""

    code = inputs.CharField(required=False, max_length=email_codes.CODE_LENGTH)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].required = False

    def clean_key(self) -> str:
        return str(super().clean_key() if self.cleaned_data["key"] else "")

    def clean(self) -> Any:
        key, code = self.cleaned_data.get("key"), self.cleaned_data.get("code")
        if code and not key and "key" not in self.errors:
            email = email_codes.accepted_address(session_of_request(), Purpose.RESET, code, now=clock.now())
            self.user = User.objects.filter(email=User.objects.normalize_email(email or ""), is_active=True).first()
            if self.user is None:
                self.add_error("code", get_adapter().validation_error("wrong_code"))
        elif bool(code) == bool(key) and not self.errors:
            self.add_error("code", get_adapter().validation_error("key_or_code"))
        return super().clean()


class ResetView(ResetPasswordView):
    """`POST /_allauth/<client>/v1/auth/password/reset`."""

    input_class: Any = KeyOrCodeInput

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        email_codes.use_up(session_of_request(), Purpose.RESET)
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response


def session_of_request() -> SessionStore:
    return cast("SessionStore", context.request.session)


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
