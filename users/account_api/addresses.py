"""Endpoints that verify, change and restore email addresses."""

from http import HTTPStatus
from typing import Any, cast

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.stages import EmailVerificationStage, LoginStageController
from allauth.core import context
from allauth.decorators import rate_limit
from allauth.headless.account.inputs import AddEmailInput, MarkAsPrimaryEmailInput
from allauth.headless.account.views import ManageEmailView, VerifyEmailView
from allauth.headless.base.views import APIView
from allauth.headless.internal.restkit import inputs
from allauth.headless.internal.restkit.response import APIResponse
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator

from core import clock
from core.api.errors import problem
from core.errors import DomainError
from users import email_changes, email_codes, mail_limits
from users.email_codes import Purpose
from users.models import User
from users.sessions import SessionStore

NOTHING_TO_VERIFY = "No address of this session waits for verification. Sign up, log in, or change the address first."
TOO_MANY = "This address got too many emails. Look in the spam folder, or wait."


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


class VerifyInput(inputs.Input):
    """The key of the mailed link, or the code that was mailed to the session."""

    key = inputs.CharField(required=False)
    code = inputs.CharField(required=False, max_length=email_codes.CODE_LENGTH)

    def __init__(self, *args: Any, process: None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    def clean(self) -> Any:
        key, code = self.cleaned_data.get("key", ""), self.cleaned_data.get("code", "")
        if bool(key) == bool(code):
            self.add_error("code", get_adapter().validation_error("key_or_code"))
            return self.cleaned_data
        confirmation = EmailConfirmationHMAC.from_key(key) if key else None
        address = confirmation.email_address if confirmation else None if key else waiting_address(context.request, code)
        if address is None:
            error = ("key", "invalid_or_expired_key") if key else ("code", "wrong_code")
            self.add_error(error[0], get_adapter().validation_error(error[1]))
        elif not address.can_set_verified():
            self.add_error(None, get_adapter().validation_error("email_taken"))
        else:
            self.verification = EmailConfirmationHMAC(address)
        return self.cleaned_data


def waiting_address(request: HttpRequest, code: str) -> EmailAddress | None:
    """Return the unverified address of the session's user if `code` was mailed to it, else None."""
    session = cast("SessionStore", request.session)
    email, user = email_codes.accepted_address(session, Purpose.VERIFY, code, now=clock.now()), user_of(request)
    # SECURITY: a code verifies an address of the session's own user only
    return EmailAddress.objects.filter(user=user, email=email, verified=False).first() if user and email else None


def user_of(request: HttpRequest) -> User | None:
    """Return the user who is logged in, or who would be if their address were verified."""
    if request.user.is_authenticated:
        return request.user
    stage = LoginStageController.enter(request, EmailVerificationStage.key)
    return cast("User | None", stage.login.user) if stage else None


class VerifyView(VerifyEmailView):
    """`/_allauth/<client>/v1/auth/email/verify`. It logs in only the session that has signed up, not past a second factor."""

    input_class: Any = VerifyInput

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        email_codes.use_up(cast("SessionStore", request.session), Purpose.VERIFY)
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response


class ResendView(APIView):
    """`POST /_allauth/<client>/v1/auth/email/verify/resend`: another email with a link and a code for the session."""

    handle_json_input = False

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        email = self._waiting_email(request)
        if not email:
            return problem(409, "nothing_to_verify", NOTHING_TO_VERIFY)
        if not mail_limits.is_allowed(mail_limits.VERIFICATION, email, now=clock.now()):
            return problem(429, "too_many_emails", TOO_MANY, retry_after=settings.MAIL_LIMIT_MINUTES * 60)
        try:
            email_codes.check_limits(cast("SessionStore", request.session), Purpose.VERIFY, now=clock.now())
            self._send(request, email)
        except DomainError as error:
            return problem(error.status, error.code, error.message, retry_after=error.retry_after)
        return APIResponse(request)

    def _waiting_email(self, request: HttpRequest) -> str:
        """Return the address to verify; in the session of a sign-up with a taken address, that one."""
        user = user_of(request)
        if user is None:
            stage = LoginStageController.enter(request, EmailVerificationStage.key)
            return email_codes.address_of(cast("SessionStore", request.session), Purpose.VERIFY) if stage else ""
        return user.new_email or ("" if user.is_verified else user.email)

    def _send(self, request: HttpRequest, email: str) -> None:
        address = EmailAddress.objects.filter(user=user_of(request), email=email, verified=False).first()
        if address is not None:
            address.send_confirmation(request)
        else:  # SECURITY: a taken address gets the same response, and its owner an email
            get_adapter().send_account_already_exists_mail(email)


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
