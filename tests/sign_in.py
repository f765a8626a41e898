"""Sign-in of staff to the back office, with a second factor verified in the session."""

import time
from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import Group
from django.test import Client

from core import rls
from dev.factories import UserFactory
from users.models import User
from users.sessions import AUTHENTICATED_USER_KEY, SECOND_FACTOR, SessionStore

Member = tuple[User, Client]

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def give_factor(user: User, secret: str = SECRET) -> Authenticator:
    """Activate an authenticator app with a secret that the tests know."""
    with rls.as_accounts():
        return TOTP.activate(user, secret).instance


def recovery_codes(user: User) -> list[str]:
    """Return new recovery codes for a lost authenticator app."""
    with rls.as_accounts():
        return RecoveryCodes.activate(user).generate_codes()


def code(secret: str = SECRET) -> str:
    """Return the authenticator app's current code."""
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def sign_in_with_password(client: Client, user: User) -> None:
    """Start a session as it is after the password and before the second factor."""
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])


def sign_in(client: Client, user: User) -> None:
    """Start a session in which the second factor was verified just now, with one statement instead of the ten of a login."""
    session = SessionStore()
    session.update(
        {
            SESSION_KEY: str(user.pk),
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: user.get_session_auth_hash(),
            AUTHENTICATION_METHODS_SESSION_KEY: [{"method": SECOND_FACTOR, "at": time.time(), "reauthenticated": True}],
            AUTHENTICATED_USER_KEY: str(user.pk),
        }
    )
    session.create()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key or ""


def member(role: str, **fields: Any) -> Member:
    """Return a new staff member with a role, and their browser."""
    user = UserFactory.create(is_staff=True, is_superuser=role == "administrator", **fields)
    user.groups.set(Group.objects.filter(name=role))
    client = Client()
    sign_in(client, user)
    return user, client
