"""Tokens that allow setting a new password: signed, valid for one hour and one use, also under concurrent requests."""

from typing import Any

from django.contrib.auth.tokens import PasswordResetTokenGenerator

from users.models import User


class ResetKeys(PasswordResetTokenGenerator):
    """Tokens that are not stored: an HMAC over the hash of the current password, the email address and the last login.

    A token becomes invalid when one of these changes. The account's row is locked during a check, so concurrent requests
    with the same token wait and are then refused.
    """

    def check_token(self, user: Any, token: Any) -> bool:
        if user is None:
            return False
        # SECURITY: without the lock, all requests that read the old hash before the first one saves would be accepted
        user.refresh_from_db(from_queryset=User.objects.select_for_update())
        return super().check_token(user, token)

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.last_login_at}"
