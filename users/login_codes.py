"""Codes of a second factor that are sent together with the password, which get the owner into a locked account."""

from typing import Any

from allauth.account.stages import LoginStageController
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.stages import AuthenticateStage
from django.http import HttpRequest

MAX_CODE_LENGTH = 32


def set_code(request: HttpRequest, code: str) -> None:
    """Set the code for the login of the request, before the password is checked."""
    request.login_code = code  # type: ignore[attr-defined]


def complete_login(request: HttpRequest) -> bool:
    """Complete a login that waits for a second factor if the request's code was right. Return True if it is complete."""
    stage: Any = LoginStageController.enter(request, AuthenticateStage.key)
    factor = getattr(request, "login_factor", None)
    if stage is None or factor is None:
        return False
    post_authentication(request, factor)
    stage.exit()
    return True
