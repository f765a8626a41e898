"""Keys that set a new password: signed, an hour long, and good for one use, however many try at once."""

from typing import Any

from django.contrib.auth.tokens import PasswordResetTokenGenerator

from users.models import User


class ResetKeys(PasswordResetTokenGenerator):
    """Nothing is stored: a key is an HMAC over the hash of the present password, the address and the last login.

    So it ends with the first of these that changes. The account is locked while a key is checked: others that come with the
    same key at the same moment wait, and then find that it has been used.
    """

    def check_token(self, user: Any, token: Any) -> bool:
        if user is None:
            return False
        # SECURITY: without the lock, all that read the old password's hash before the first one has saved would be let in
        user.refresh_from_db(from_queryset=User.objects.select_for_update())
        return super().check_token(user, token)

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.last_login_at}"
