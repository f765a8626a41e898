"""Where django-allauth's flows meet MINGUS: new accounts, verified addresses, successful logins."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.http import HttpRequest

from users import services
from users.models import User


class AccountAdapter(DefaultAccountAdapter):
    """Calls the services of `users` at allauth's turning points."""

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> User:
        """Store a new account together with its onboarding steps."""
        super().save_user(request, user, form, commit=False)
        user.email = User.objects.normalize_email(user.email)
        return services.open_account(user) if commit else user

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Mark the address and its account as verified."""
        confirmed = bool(super().confirm_email(request, email_address))
        if confirmed:
            services.mark_verified(email_address.user)
        return confirmed

    def set_password(self, user: Any, password: str) -> None:
        """Change or reset the password; keys that were made under the old one end with it, as the sessions do."""
        super().set_password(user, password)
        services.revoke_tokens(user)

    def clean_email(self, email: str) -> str:
        """Refuse what can't be stored: null characters."""
        if "\x00" in email:
            raise self.validation_error("invalid_email")
        return super().clean_email(email)
