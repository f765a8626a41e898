"""The pages to which the links in emails lead if no front end is configured (FRONTEND_URL).

A link only opens a page, which asks for a click: mail programs open links to check them, and would use up the key. The pages
do what the account API does, and log no one in.
"""

from allauth.account.internal.flows import password_reset
from allauth.account.models import EmailConfirmationHMAC
from allauth.core import ratelimit
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.decorators import rate_limit
from allauth.headless.account.inputs import ResetPasswordInput
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.debug import sensitive_post_parameters

from core import clock, jobs
from core.errors import DomainError
from users import email_changes, tasks

TEMPLATE = "account/page.html"
EXPIRED = "This link is invalid, has expired or was used before. Ask for a new one in the app."
USED = "This address is already verified, or another account has verified it. Log in, or contact support."


class PasswordForm(forms.Form):
    """A new password."""

    password = forms.CharField(
        label="New password", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), strip=False
    )


class EmailForm(forms.Form):
    """The address of an account."""

    email = forms.EmailField(label="Email address", widget=forms.EmailInput(attrs={"autocomplete": "email"}))


class Page(View):
    """A page with a title, a sentence, and a form with one button unless there is nothing to do."""

    title: str
    button: str
    form_class: type[forms.Form] = forms.Form

    def show(self, request: HttpRequest, text: str, form: forms.Form | None = None, *, status: int = 200) -> HttpResponse:
        # SECURITY: the URL has a key. Referrer-Policy is same-origin everywhere; with no-referrer, browsers would send
        # `Origin: null` with the form, which Django refuses
        context = {"title": self.title, "text": text, "form": form, "button": self.button}
        return render(request, TEMPLATE, context, status=status)


class VerifyEmailPage(Page):
    """`/account/verify-email/{key}`."""

    title, button = "Verify your email address", "Verify the address"

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        confirmation = EmailConfirmationHMAC.from_key(key)
        if confirmation is None:
            return self.show(request, EXPIRED, status=410)
        return self.show(request, f"Is {confirmation.email_address.email} your address?", forms.Form())

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        confirmation = EmailConfirmationHMAC.from_key(key)
        if confirmation is None:
            return self.show(request, EXPIRED, status=410)
        try:
            is_verified = confirmation.confirm(request)
        except ImmediateHttpResponse:
            is_verified = None
        if not is_verified:
            return self.show(request, USED, status=409)
        return self.show(request, "Your address is verified. You can close this page and log in to the app.")


@method_decorator(sensitive_post_parameters("password"), name="dispatch")
@method_decorator(rate_limit(action="reset_password_from_key"), name="post")
class SetPasswordPage(Page):
    """`/account/password/reset/key/{key}`."""

    title, button = "Set a new password", "Set the password"

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        found = ResetPasswordInput({"key": key})
        found.is_valid()
        if "key" in found.errors:
            return self.show(request, EXPIRED, status=410)
        return self.show(request, "It ends all sessions and API tokens of your account.", PasswordForm())

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        form = PasswordForm(request.POST)
        found = ResetPasswordInput({"key": key, "password": request.POST.get("password", "")})
        if not form.is_valid() or not found.is_valid():
            if "key" in found.errors:
                return self.show(request, EXPIRED, status=410)
            form.errors.setdefault("password", found.errors.get("password", form.error_class()))
            return self.show(request, "It ends all sessions and API tokens of your account.", form, status=400)
        password_reset.reset_password(found.user, found.cleaned_data["password"])
        password_reset.finalize_password_reset(request, found.user)
        return self.show(request, "Your new password is set. You can close this page and log in to the app.")


class RequestResetPage(Page):
    """`/account/password/reset`."""

    title, button = "Set a new password", "Send the email"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(request, "We send you a link to set a new password.", EmailForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = EmailForm(request.POST)
        if not form.is_valid() or "\x00" in form.cleaned_data["email"]:
            return self.show(request, "We send you a link to set a new password.", form, status=400)
        email = form.cleaned_data["email"].lower()
        too_many: HttpResponse | None = ratelimit.consume_or_429(request, action="reset_password", key=email)
        if too_many is not None:
            return too_many
        jobs.enqueue(tasks.send_reset_mail, email=email)
        return self.show(request, "If the address is correct, you get an email in a moment. Open its link within one hour.")


@method_decorator(rate_limit(action="reset_password_from_key"), name="post")
class UndoEmailChangePage(Page):
    """`/account/email/undo/{key}`."""

    title, button = "Restore your email address", "Restore the address"

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        text = "It ends all sessions and API tokens, and sends a link to set a new password to the restored address."
        return self.show(request, text, forms.Form())

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        try:
            email = email_changes.undo_change(key, now=clock.now())
        except DomainError as error:
            return self.show(request, error.message, status=410 if error.status == 400 else error.status)
        return self.show(request, f"The address of your account is {email} again. Open the link that we sent there.")


class SignUpPage(Page):
    """`/account/signup`, to which an email leads that tells that there is no account."""

    title, button = "Create an account", ""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(request, "Sign up in the MINGUS app. The operator of this server can tell you where to get it.")


urlpatterns = [
    path("verify-email/<str:key>", VerifyEmailPage.as_view()),
    path("password/reset", RequestResetPage.as_view()),
    path("password/reset/key/<str:key>", SetPasswordPage.as_view()),
    path("email/undo/<str:key>", UndoEmailChangePage.as_view()),
    path("signup", SignUpPage.as_view()),
]
