"""A sign-up for nobody, so that one for an address that is taken costs as much as one for a free address."""

from uuid import uuid4

from allauth.account.internal.flows.email_verification import get_address_for_user
from allauth.account.models import EmailAddress, Login
from allauth.account.utils import has_verified_email, setup_user_email
from django.db import transaction
from django.http import HttpRequest

from users import services
from users.models import User


@transaction.atomic
def simulate_sign_up(request: HttpRequest) -> None:
    """Hash a password and write an account with all that belongs to it, and take all of it back.

    SECURITY: these are the steps of a sign-up, one by one. A test counts the statements and hashes of both.
    """
    user = User(email=f"{uuid4().hex}@nobody.invalid")
    user.set_password(uuid4().hex)
    services.create_account(user)
    setup_user_email(request, user, [EmailAddress(email=user.email)])
    has_verified_email(user)
    get_address_for_user(user)
    pending = Login(user=user).serialize()
    for _ in range(2):  # the answer looks up what the login waits for, and what else is open
        Login.deserialize(dict(pending))
    transaction.set_rollback(True)
