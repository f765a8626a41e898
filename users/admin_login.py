"""Login of staff to the back office: password, then second factor. Staff without a factor set one up first.

allauth does the work, with the same locks, limits and responses as in the account API. These views show its forms on pages
of ours, because allauth's own pages are off (HEADLESS_ONLY).
"""

import time
from typing import Any, cast

from allauth.account.authentication import get_authentication_records
from allauth.account.forms import LoginForm
from allauth.account.stages import EmailVerificationStage, LoginStageController
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.signals import authenticator_added
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import TOTP, clear_totp_secret
from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm
from allauth.mfa.webauthn.internal.auth import begin_authentication
from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.safestring import mark_safe
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from core.api.filters.filtersets import JsonTextField
from users import login_codes, services
from users.models import User
from users.webauthn_errors import REFUSED, UNREADABLE

WRONG = (
    "Please enter the correct email and password for a staff account. After failed logins, new devices also need a code of the "
    "second factor here for some minutes."
)
UNVERIFIED = "Your email address is not verified yet. Open the link in the verification email, then log in."


class PasswordForm(LoginForm):
    """allauth's form with one message for all errors. A customer's account is treated as unknown."""

    code = forms.CharField(
        label="Code of your second factor (if logins are locked)", required=False, max_length=login_codes.MAX_CODE_LENGTH
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "Email"
        self.fields["login"].widget = UnfoldAdminTextInputWidget(attrs={"autocomplete": "email", "autofocus": ""})
        self.fields["password"].widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password"})
        self.fields["code"].widget = UnfoldAdminTextInputWidget(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"})

    def clean(self) -> dict[str, Any]:
        login_codes.set_code(self.request, self.cleaned_data.get("code", ""))
        try:
            cleaned: dict[str, Any] = super().clean()
        except forms.ValidationError:
            raise forms.ValidationError(WRONG) from None
        if self.user is not None and not self.user.is_staff:
            raise forms.ValidationError(WRONG)
        return cleaned

    def clean_login(self) -> str:
        login = super().clean_login()
        if "\x00" in login:
            raise forms.ValidationError(WRONG)
        return str(login)


class CodeForm(AuthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget = code_widget()


class SecurityKeyForm(AuthenticateWebAuthnForm):
    credential = JsonTextField(widget=forms.HiddenInput)

    def clean_credential(self) -> Authenticator:
        try:
            return super().clean_credential()
        except forms.ValidationError:
            raise
        except UNREADABLE:
            raise forms.ValidationError(REFUSED) from None


class FirstCodeForm(ActivateTOTPForm):
    end_other_access = forms.BooleanField(
        label="End my other sessions and API tokens", required=False, initial=True, widget=UnfoldBooleanSwitchWidget
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget = code_widget()


def code_widget() -> forms.Widget:
    return UnfoldAdminTextInputWidget(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": ""})


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class AdminLoginStepView(View):
    """A page of the login to the back office."""

    template = ""
    title = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().dispatch(request, *args, **kwargs) if self.is_open() else self.go_to("admin_login")

    def is_open(self) -> bool:
        """Return True if the login has reached this page."""
        return True

    @property
    def destination(self) -> str:
        """The requested page of the back office."""
        wanted = self.request.GET.get("next", "")
        home = reverse("admin:index")
        # SECURITY: otherwise a link to our login could redirect to another site
        is_ours = wanted.startswith(home) and url_has_allowed_host_and_scheme(wanted, {self.request.get_host()})
        return wanted if is_ours else home

    def go_to(self, name: str) -> HttpResponse:
        return redirect(f"{reverse(name)}?{urlencode({'next': self.destination})}")

    def page(self, status: int = 200, **extra: Any) -> HttpResponse:
        context = admin.site.each_context(self.request) | {"title": self.title, "destination": self.destination} | extra
        return TemplateResponse(self.request, self.template, context, status=status)


class LoginView(AdminLoginStepView):
    """The page for the password."""

    template = "mingus/admin_login/login.html"
    title = "Log in"

    def get(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_staff and request.session.has_second_factor:  # type: ignore[attr-defined]
            return redirect(self.destination)
        return self.page(form=PasswordForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PasswordForm(request.POST, request=request)
        try:
            if not form.is_valid():
                return self.page(form=form)
        except ImmediateHttpResponse as limited:  # the adapter's, after too many logins from the network
            page = self.page(status=429, form=PasswordForm(), problem="Too many attempts. Wait a minute.")
            page["Retry-After"] = limited.response["Retry-After"]
            return page
        logout(request)  # ends the previous session of this browser
        form.login(request)
        if request.user.is_authenticated:
            return self.go_to("admin_second_factor_setup")
        if LoginStageController.enter(request, EmailVerificationStage.key):
            return self.page(form=PasswordForm(), problem=UNVERIFIED)
        if login_codes.complete_login(request):
            request.session.cycle_key()
            return redirect(self.destination)
        return self.go_to("admin_second_factor")


class SecondFactorView(AdminLoginStepView):
    """The page for a code of the app, a recovery code, or a security key."""

    template = "mingus/admin_login/second_factor.html"
    title = "Second factor"

    def is_open(self) -> bool:
        """Return True after the password, and for a session that is older than the user's factor."""
        self.stage = LoginStageController.enter(self.request, AuthenticateStage.key)
        self.user = cast("User", self.stage.login.user if self.stage else self.request.user)
        return bool(self.user.is_staff and services.has_second_factor(self.user))

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.challenge(CodeForm(user=self.user))

    def post(self, request: HttpRequest) -> HttpResponse:
        form_class = SecurityKeyForm if "credential" in request.POST else CodeForm
        form: Any = form_class(request.POST, user=self.user)
        if not form.is_valid():
            return self.challenge(form)
        form.save()
        if self.stage:
            self.stage.exit()
        request.session.cycle_key()
        return redirect(self.destination)

    def challenge(self, form: Any) -> HttpResponse:
        """Return the page, with the request options for a security key if the user has one."""
        problems = [problem for found in form.errors.values() for problem in found]
        has_key = Authenticator.objects.filter(user=self.user, type=Authenticator.Type.WEBAUTHN).exists()
        options = {"request_options": begin_authentication(self.user)} if has_key else None
        return self.page(form=CodeForm(user=self.user), problem=" ".join(problems), key_options=options)


class SetUpView(AdminLoginStepView):
    """The page on which staff without a factor set up an authenticator app and receive recovery codes."""

    template = "mingus/admin_login/set_up.html"
    title = "Set up your second factor"

    def is_open(self) -> bool:
        """Return True shortly after the password, if the user has no factor."""
        # SECURITY: users with a factor must use it, and an old session must not be enough to set one up
        user: Any = self.request.user
        return bool(user.is_staff and not services.has_second_factor(user) and has_recent_password(self.request))

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(FirstCodeForm(user=request.user))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = FirstCodeForm(request.POST, user=request.user)
        if not form.is_valid():
            return self.show(form)
        codes = self.activate(request, form)
        if codes is None:
            return self.go_to("admin_login")
        self.template = "mingus/admin_login/recovery_codes.html"
        return self.page(codes=codes)

    def show(self, form: FirstCodeForm) -> HttpResponse:
        adapter, user = get_adapter(), cast("User", self.request.user)
        picture = adapter.build_totp_svg(adapter.build_totp_url(user, form.secret))
        problem = " ".join(str(found) for problems in form.errors.values() for found in problems)
        # safe: qrcode draws the picture, and it contains no user input
        drawing = mark_safe(picture[picture.index("<svg") :])  # noqa: S308
        return self.page(form=form, problem=problem, secret=form.secret, picture=drawing)

    @transaction.atomic
    def activate(self, request: HttpRequest, form: FirstCodeForm) -> list[str] | None:
        """Store the factor and return the recovery codes; None if a concurrent request was first."""
        user = User.objects.select_for_update().get(pk=request.user.pk)
        if services.has_second_factor(user):
            return None
        factor = TOTP.activate(user, form.secret).instance
        factor.wrap().validate_code(form.cleaned_data["code"])  # marks the code as used, so that it can't be used to log in
        codes = RecoveryCodes.activate(user)
        codes.mark_as_viewed()
        clear_totp_secret(request)
        post_authentication(request, factor)
        request.session.cycle_key()
        if form.cleaned_data["end_other_access"]:
            services.end_other_access(user, request.session.digest)  # type: ignore[attr-defined]  # SessionStore
        authenticator_added.send(sender=Authenticator, request=request, user=user, authenticator=factor)
        return list(codes.generate_codes())


def has_recent_password(request: HttpRequest) -> bool:
    """Return True if the password was entered in this session in the last FACTOR_SETUP_TIMEOUT seconds."""
    records = get_authentication_records(request, request.user)  # type: ignore[arg-type]
    return any(
        record["method"] == "password" and time.time() - record["at"] < settings.FACTOR_SETUP_TIMEOUT for record in records
    )
