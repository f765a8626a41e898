"""Users with an account, a token and a session, created by the models of a checkout of MINGUS.

Another checkout runs this file with its own interpreter, so it imports nothing of this one.
"""

import json
import sys
import time
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import django
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

PASSWORD = {"method": "password"}
METHODS = "account_authentication_methods"  # of allauth, whose modules can't be imported before the apps


def new_session(user: Any, record: Mapping[str, Any] = PASSWORD) -> str:
    """Create a session as it is after a login, and return its key. `record` is allauth's of how the user has logged in."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session.update(
        {
            SESSION_KEY: str(user.pk),
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: user.get_session_auth_hash(),
            METHODS: [{"at": time.time(), "email": user.email, **record}],
            f"{METHODS}_user": str(user.pk),
        }
    )
    session.create()
    return str(session.session_key)


def sign_up(number: int) -> dict[str, str]:
    """Create a user with an account, a token and a session."""
    get_model = django.apps.apps.get_model
    user = get_model("users", "User").objects.create(email=f"bench{number}@example.com", password="!")  # noqa: S106 - no password
    account = get_model("finance", "EncryptedFinancialProfile").objects.create(
        user=user, profile_name="Checking", profile_type="checking"
    )
    _, token = get_model("users", "PersonalAccessToken").objects.create(user=user, name="benchmark", scope="read-write")
    return {"id": str(user.pk), "account": str(account.pk), "token": token, "session": new_session(user)}


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(json.dumps([sign_up(number) for number in range(int(sys.argv[1]))]))
