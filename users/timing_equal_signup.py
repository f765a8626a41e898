"""A simulated sign-up, so that a sign-up with a taken address takes as long as one with a free address."""

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
    """Hash a password and create an account with its related rows, then roll back.

    SECURITY: these are all the steps of a sign-up. A test compares the number of statements and hashes.
    """
    user = User(email=f"{uuid4().hex}@signup.invalid")
    user.set_password(uuid4().hex)
    services.create_account(user)
    setup_user_email(request, user, [EmailAddress(email=user.email)])
    has_verified_email(user)
    get_address_for_user(user)
    Login.deserialize(dict(Login(user=user).serialize()))  # the response looks up the stage of the login
    transaction.set_rollback(True)
