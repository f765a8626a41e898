"""Adapters for django-allauth: new accounts, verified addresses, successful logins, encrypted second factors."""

from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest, HttpResponseBase

from core import clock
from core.api.errors import problem
from core.errors import ConflictError, DomainError
from core.rate_limits import client_ip, client_network, seconds_to_wait
from users import email_changes, email_codes, mail_limits, services
from users.email_codes import Purpose
from users.models import User
from users.second_factors import NewSecret, plaintext_of
from users.sessions import SessionStore
from users.timing_equal_signup import simulate_sign_up

REFUSED_LOGIN = (
    "The email address or the password is wrong, or logins from new devices are locked after failed ones. In that case you get "
    "in with a device that you have used before, with a code of your second factor in `code`, or after a reset of the password."
)
FACTOR_NOT_SHOWN = (
    "The account has a second factor, which this session has not shown. Send a code to "
    "POST /_allauth/app/v1/auth/2fa/reauthenticate (browsers: /browser/ instead of /app/). Then repeat this request."
)


def require_shown_factor(request: HttpRequest) -> None:
    """Respond with an error if the account has a second factor that was not shown in this session."""
    session, user = cast("SessionStore", request.session), cast("User", request.user)
    if services.has_second_factor(user) and not session.has_second_factor:
        raise ImmediateHttpResponse(problem(403, "second_factor_required", FACTOR_NOT_SHOWN))


class AccountAdapter(DefaultAccountAdapter):
    """allauth's account adapter, which calls the services of `users`."""

    # SECURITY: one message for a wrong password and a locked account, and it tells the owner how to get in
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": REFUSED_LOGIN,
        "wrong_code": email_codes.WRONG,
        "key_or_code": "Send either `code`, the six digits from the email, or `key`, the long key from its link.",
    }

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> User:
        """Store a new account together with its onboarding steps."""
        super().save_user(request, user, form, commit=False)
        user.email = User.objects.normalize_email(user.email)
        return services.create_account(user) if commit else user

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> Any:
        """Verify the address in allauth's table if staff or a command created the account as verified."""
        if user.is_verified and not EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists():
            services.verify_email_by_staff(user)
        return super().pre_login(request, user, **kwargs)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Add none of allauth's messages: they would start a session, and no page shows them."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send an email, unless the address got too many of its kind."""
        if mail_limits.reserve(mail_limits.kind_of(template_prefix), email, now=clock.now()):
            super().send_mail(template_prefix, email, context)

    def send_confirmation_mail(self, request: HttpRequest, emailconfirmation: Any, signup: bool) -> None:
        """Send the email with the link, and for an app or browser with the code that its session may enter instead."""
        email = emailconfirmation.email_address.email
        context = {
            "key": emailconfirmation.key,
            "activate_url": self.get_email_confirmation_url(request, emailconfirmation),
            "code": _code_for(request, email),
        }
        self.send_mail("account/email/email_confirmation", email, context)

    def send_account_already_exists_mail(self, email: str) -> None:
        """Notify the owner of a taken address, after the work that a free one would have caused."""
        _code_for(context.request, email)
        super().send_account_already_exists_mail(email)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Limit the logins of an IP address and its network, before one is counted for the account.

        allauth would limit the failures for an email address instead, by which a stranger could lock its owner out.
        """
        waits = [seconds_to_wait("logins", client_ip(request)), seconds_to_wait("network_logins", client_network(request))]
        if any(waits):
            message = f"Too many logins from your network. Wait {max(waits)} seconds."
            raise ImmediateHttpResponse(problem(429, "too_many_login_attempts", message, retry_after=max(waits)))

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Require that the session has shown the second factor, too, if the account has one.

        SECURITY: a session from before the factor has not, and could remove the factor with the password alone.
        """
        require_shown_factor(context.request)
        return bool(super().is_reauthentication_required(app=app, **kwargs))

    def reauthenticate(self, user: Any, password: str) -> bool:
        """Return True if `password` is the user's. A wrong one counts as a failed login."""
        return self.authenticate(context.request, email=user.email, password=password) is not None

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Mark the address and its account as verified, for the first use of the key only."""
        # SECURITY: without the lock, the same key could be used any number of times at once
        stored = EmailAddress.objects.select_for_update().filter(pk=email_address.pk).first()
        if stored is None or stored.verified:
            raise ImmediateHttpResponse(problem(409, "already_verified", "This key has already been used. Log in."))
        user = email_address.user
        former, was_verified = user.email, user.is_verified
        try:
            email_changes.release_unverified(email_address.email, user)
        except ConflictError as error:
            raise ImmediateHttpResponse(problem(error.status, error.code, error.message)) from None
        confirmed = bool(super().confirm_email(request, email_address))
        if confirmed:
            services.mark_verified(user)
            if former != user.email:
                email_changes.record_change(user=user, former=former, notify_former=was_verified)
        return confirmed

    def respond_email_verification_sent(self, request: HttpRequest, user: Any) -> HttpResponseBase:
        """Return the response to a sign-up. For a taken address, do the work of a new account first."""
        if user is None:
            simulate_sign_up(request)
        return super().respond_email_verification_sent(request, user)

    def clean_email(self, email: str) -> str:
        """Reject null characters, which PostgreSQL can't store, and addresses that the account's model rejects."""
        if "\x00" in email:
            raise self.validation_error("invalid_email")
        return User.objects.clean_email(super().clean_email(email))


def _code_for(request: HttpRequest | None, email: str) -> str:
    """Return a new code for the session of a request; empty for one of the back office, and after too many codes.

    The email then has the link only, because a change of the address must not wait.
    """
    session, now = email_codes.session_of(request), clock.now()
    if session is None:
        return ""
    try:
        key = email_codes.request_code(session, Purpose.VERIFY, email, now=now)
    except DomainError:
        return ""
    if not mail_limits.reserve_code(email, now=now):
        return ""
    code = email_codes.issue(key, email, now=now)
    if session is not getattr(request, "session", None):  # Django saves only its own
        session.save()
    return code


class SecondFactorAdapter(DefaultMFAAdapter):
    """allauth's MFA adapter, which has the secrets of second factors encrypted; allauth's default stores plain text."""

    def encrypt(self, text: str) -> str:
        return NewSecret(text)

    def decrypt(self, encrypted_text: str) -> str:
        return plaintext_of(encrypted_text)
