"""Adapters for django-allauth: new accounts, verified addresses, successful logins, encrypted second factors."""

import base64
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest, HttpResponseBase

from core import clock
from core.api.errors import problem
from core.encryption import key_ring
from users import mail_limits, services
from users.models import User
from users.timing_equal_signup import simulate_sign_up

SECRETS = "users.second_factor"


class AccountAdapter(DefaultAccountAdapter):
    """allauth's account adapter, which calls the services of `users`."""

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

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send an email, unless the address got too many of its kind."""
        if mail_limits.reserve(mail_limits.kind_of(template_prefix), email, now=clock.now()):
            super().send_mail(template_prefix, email, context)

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Mark the address and its account as verified, for the first use of the key only."""
        # SECURITY: without the lock, the same key could be used any number of times at once
        stored = EmailAddress.objects.select_for_update().filter(pk=email_address.pk).first()
        if stored is None or stored.verified:
            raise ImmediateHttpResponse(problem(409, "already_verified", "This key has already been used. Log in."))
        confirmed = bool(super().confirm_email(request, email_address))
        if confirmed:
            services.mark_verified(email_address.user)
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


class SecondFactorAdapter(DefaultMFAAdapter):
    """allauth's MFA adapter, which encrypts the secrets of second factors; allauth's default stores plain text."""

    def encrypt(self, text: str) -> str:
        return base64.b64encode(key_ring.encrypt(SECRETS, b"", text.encode())).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return key_ring.decrypt(SECRETS, b"", base64.b64decode(encrypted_text)).decode()
