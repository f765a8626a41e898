"""Endpoints that set up second factors."""

from typing import Any, cast

import orjson
from allauth.headless.internal.restkit import inputs
from allauth.headless.mfa.inputs import ActivateTOTPInput, AddWebAuthnInput
from allauth.headless.mfa.views import ManageTOTPView, ManageWebAuthnView
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponse

from users import services
from users.models import User
from users.sessions import SessionStore


class FirstCodeInput(ActivateTOTPInput):
    end_other_access = inputs.BooleanField(required=False)


class TOTPView(ManageTOTPView):
    """`/_allauth/<client>/v1/account/authenticators/totp`."""

    input_class: Any = {"POST": FirstCodeInput}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post(request, *args, **kwargs)
        factor = Authenticator.objects.get(user=cast("User", request.user), type=Authenticator.Type.TOTP)
        factor.wrap().validate_code(self.input.cleaned_data["code"])  # marks it as used, so that it can't be used to log in
        return with_other_access(request, response, factor, ends=self.input.cleaned_data["end_other_access"])


class SecurityKeyInput(AddWebAuthnInput):
    end_other_access = inputs.BooleanField(required=False)


class SecurityKeyView(ManageWebAuthnView):
    """`/_allauth/<client>/v1/account/authenticators/webauthn`."""

    input_class: Any = ManageWebAuthnView.input_class | {"POST": SecurityKeyInput}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post(request, *args, **kwargs)
        factor = Authenticator.objects.get(pk=orjson.loads(response.content)["data"]["id"])
        return with_other_access(request, response, factor, ends=self.input.cleaned_data["end_other_access"])


def with_other_access(request: HttpRequest, response: HttpResponse, factor: Authenticator, *, ends: bool) -> HttpResponse:
    """End what began before a new factor if `ends`, and add what is left to the response, so that a client can offer to end it.

    The factor counts as shown in this session, because its user has just proven to have it.
    """
    post_authentication(request, factor, reauthenticated=True)
    user, digest = cast("User", request.user), cast("SessionStore", request.session).digest
    if ends:
        services.end_other_access(user, digest)
    body = orjson.loads(response.content)
    body["meta"] = body.get("meta", {}) | {"other_access": services.count_other_access(user, digest)}
    response.content = orjson.dumps(body)
    return response
