"""Receivers of signals that Django and allauth send about accounts."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import email_removed, password_changed, password_reset, password_set
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import post_init, pre_save
from django.dispatch import receiver
from django.http import HttpRequest

from core import clock, rls
from users import devices, impersonation, second_factors, security_notices, services
from users.models import User, UserSession
from users.security_notices import notify
from users.sessions import DEVICE, device_of

post_init.connect(second_factors.remember_row, sender=Authenticator)
pre_save.connect(second_factors.encrypt_secrets, sender=Authenticator)
# allauth stores used codes in the cache, which each process has for itself unless there is Redis, and has no hook for this
TOTP._mark_code_used = second_factors.use_code  # type: ignore[method-assign, assignment]


@receiver(user_logged_in)
def record_device(request: HttpRequest, user: User, **_: Any) -> None:
    """Store the device in the session and on the device, and notify the user if they have not used it before."""
    device = device_of(request)
    request.session[DEVICE] = device | {"id": devices.remember(request, user)}
    with rls.as_accounts():
        earlier = UserSession.objects.for_user(user)
        is_new = earlier.exists() and not earlier.filter(**device).exists()
    if is_new:
        detail = f"{device['user_agent'] or 'an unknown device'} at {device['address']}"
        notify(user, security_notices.NEW_DEVICE, detail=detail)


@receiver([password_changed, password_set])
def notify_password_changed(user: User, **_: Any) -> None:
    notify(user, security_notices.PASSWORD_CHANGED)


@receiver(password_reset)
def unlock_after_password_reset(user: User, **_: Any) -> None:
    """Unlock the account: access to the mailbox proves ownership, and the lockout was for others' guesses."""
    user.unlock()
    notify(user, security_notices.PASSWORD_CHANGED)


@receiver(authenticator_added)
def notify_factor_added(user: User, authenticator: Authenticator, **_: Any) -> None:
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        notify(user, security_notices.FACTOR_ADDED, detail=services.name_of(authenticator))


@receiver(authenticator_reset)
def notify_recovery_codes_renewed(user: User, **_: Any) -> None:
    notify(user, security_notices.CODES_RENEWED)


@receiver(authenticator_removed)
def handle_factor_removed(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    """Notify the user. Without a remaining factor, end the other sessions and remove the factor from this one."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        notify(user, security_notices.FACTOR_REMOVED, detail=services.name_of(authenticator))
    if not services.has_second_factor(user):
        services.end_other_sessions(user, request.session.digest)  # type: ignore[attr-defined]  # SessionStore
        request.session.clear_second_factor()  # type: ignore[attr-defined]


@receiver(email_removed)
def forget_new_email(user: User, email_address: EmailAddress, **_: Any) -> None:
    if email_address.email == user.new_email:
        user.expect_email("", until=None)


@receiver(user_logged_out)
def end_impersonations(user: User | None = None, **_: Any) -> None:
    """End the impersonations of a staff member who logs out."""
    if user is not None and user.is_staff:
        with rls.as_staff(reason="logged out"):
            impersonation.end_all(staff=user, now=clock.now())
