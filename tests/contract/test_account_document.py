"""The account API against its part of the OpenAPI document: each route is in it, and each response has the documented form."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
import time_machine
import yaml
from allauth.headless import urls as headless
from django.core import mail
from django.core.cache import cache as limits
from django.urls import URLPattern, get_resolver
from jsonschema import Draft202012Validator
from orjson import loads

from core import clock
from dev.factories import PASSWORD, UserFactory
from tests.account_api import APP, key_in, log_in, log_in_again, mailed_reset_key, mailed_verification_key, send, with_session
from tests.contract.test_live_answers import document
from tests.security_key import SecurityKey
from tests.sign_in import code
from tests.users.test_email_codes import mailed_code
from users import services
from users.account_api.document import FILE
from users.models import User

pytestmark = pytest.mark.django_db
STRONG = "Another-zebra-43"
NEW = {"email": "carol@example.com", "password": "Zebra-crossing-42"}
KEYS = "account/authenticators/webauthn"
TOTP = "account/authenticators/totp"
METHODS = ("get", "post", "put", "patch", "delete")
OFF = ("auth/code/confirm", "auth/phone/verify", "auth/phone/verify/resend", "account/phone", "tokens/refresh")
"""allauth's routes that are a 404 here."""


class Caller:
    """Calls the account API as an app does, and compares each response with the document."""

    def __init__(self) -> None:
        self.session = ""
        self.seen: set[tuple[str, str, str]] = set()

    def __call__(self, method: str, path: str, status: int, **body: Any) -> Any:
        """Return the body of a response, which must have the status, and keep the session's token."""
        return self.check(method, path, status, send(path, body, self.session, method))

    def check(self, method: str, path: str, status: int, response: Any) -> Any:
        found = loads(response.content)
        assert response.status_code == status, found
        assert problems(found, method, path, status) == []
        self.seen.add((method, path, str(status)))
        self.session = found.get("meta", {}).get("session_token", self.session)
        return found

    def with_header(self, path: str, **header: str) -> None:
        [(name, value)] = header.items()
        self.check("get", path, 200, with_session("").get(f"{APP}{path}", headers={name.replace("_", "-"): value}))


def problems(body: Any, method: str, path: str, status: int) -> list[str]:
    response = document()["paths"][APP + path][method]["responses"][str(status)]
    if "$ref" in response:  # an error as everywhere, here with allauth's fields
        return [] if {"type", "errors"} <= set(body) else ["no error"]
    schema = response["content"]["application/json"]["schema"]
    root = {**deepcopy(schema), "components": document()["components"]}
    return [f"{error.json_path}: {error.message[:300]}" for error in Draft202012Validator(root).iter_errors(body)]


def sign_up_by_code() -> Caller:
    call = Caller()
    call("get", "config", 200)
    call("post", "auth/signup", 401, **NEW)
    call("post", "auth/login", 401, **NEW)
    with later():
        call("post", "auth/email/verify/resend", 200)
        call("post", "auth/email/verify", 200, code=mailed_code())
    call("get", "auth/session", 200)
    call("delete", "auth/session", 401)
    call.session = ""
    call("get", "auth/session", 401)
    call.session = "nonsense"
    call("get", "auth/session", 410)
    call("post", "auth/signup", 410, **NEW)
    return call


def sign_up_by_link() -> Caller:
    call = Caller()
    call("post", "auth/signup", 401, email="dora@example.com", password=STRONG)
    call.session = ""
    call.with_header("auth/email/verify", X_Email_Verification_Key=mailed_verification_key())
    call("post", "auth/email/verify", 401, key=mailed_verification_key())
    return call


def set_passwords() -> Caller:
    call, user = Caller(), verified()
    call("post", "auth/password/request", 200, email=user.email)
    key = mailed_reset_key(user.email)
    call.with_header("auth/password/reset", X_Password_Reset_Key=key)
    call("post", "auth/password/reset", 401, key=key, password=STRONG)
    call("post", "auth/login", 200, email=user.email, password=STRONG)
    call("post", "auth/reauthenticate", 200, password=STRONG)
    call("post", "account/password/change", 401, current_password=STRONG, new_password="Third-zebra-44")
    return call


def change_addresses() -> Caller:
    call, user = Caller(), verified()
    call.session = log_in(user.email)
    call("get", "account/email", 200)
    call("post", "account/email", 401, email="new@example.com")
    call.session = log_in_again(user.email)
    call("post", "account/email", 200, email="new@example.com")
    call("delete", "account/email", 200, email="new@example.com")
    with later():
        call("post", "account/email", 200, email="other@example.com")
    call("put", "account/email", 403, email="other@example.com")
    call("patch", "account/email", 200, email=user.email, primary=True)
    call("post", "auth/email/verify", 200, code=mailed_code())
    [undo] = [message for message in mail.outbox if "It restores this address" in message.body]
    call("post", "auth/email/undo", 200, key=key_in(undo))
    return call


def use_an_authenticator_app() -> Caller:
    call, user = Caller(), verified()
    call.session = log_in_again(user.email)
    call("get", "account/authenticators", 200)
    call("get", "account/authenticators/recovery-codes", 404)
    secret = call("get", TOTP, 404)["meta"]["secret"]
    call("post", TOTP, 200, code=code(secret), end_other_access=True)
    call("get", TOTP, 200)
    call("get", "account/authenticators", 200)
    codes = call("post", "account/authenticators/recovery-codes", 200)["data"]["unused_codes"]
    call("get", "account/authenticators/recovery-codes", 200)
    call("post", "auth/2fa/reauthenticate", 200, code=codes[0])
    call.session = ""
    call("post", "auth/2fa/authenticate", 401, code="123456")
    call("post", "auth/login", 401, email=user.email, password=PASSWORD)
    call("post", "auth/2fa/authenticate", 200, code=codes[1])
    call("post", "auth/2fa/reauthenticate", 200, code=codes[2])
    call("delete", TOTP, 200)
    return call


def use_a_security_key() -> Caller:
    call, user, key = Caller(), verified(), SecurityKey()
    call.session = log_in_again(user.email)
    options = call("get", KEYS, 200)["data"]["creation_options"]
    added = call("post", KEYS, 200, name="Blue key", credential=key.create(options))["data"]
    call("put", KEYS, 200, id=added["id"], name="Green key")
    call("get", "account/authenticators", 200)
    call.session = ""
    call("get", "auth/webauthn/authenticate", 401)
    call("post", "auth/webauthn/authenticate", 401, credential={})
    call("post", "auth/login", 401, email=user.email, password=PASSWORD)
    options = call("get", "auth/webauthn/authenticate", 200)["data"]["request_options"]
    call("post", "auth/webauthn/authenticate", 200, credential=key.get(options))
    options = call("get", "auth/webauthn/reauthenticate", 200)["data"]["request_options"]
    call("post", "auth/webauthn/reauthenticate", 200, credential=key.get(options))
    call("delete", KEYS, 200, authenticators=[added["id"]])
    return call


def resend_to_an_address() -> Caller:
    call, user = Caller(), verified()
    call.session = log_in_again(user.email)
    call("post", "account/email", 200, email="new@example.com")
    limits.clear()  # as after three minutes
    call("put", "account/email", 200, email="new@example.com")
    return call


def later() -> time_machine.travel:
    """Return the block in which the session may get another code."""
    return time_machine.travel(clock.now() + timedelta(seconds=61))


def verified() -> User:
    user = UserFactory.create()
    services.verify_email_by_staff(user)
    return user


STORIES: list[Callable[[], Caller]] = [
    sign_up_by_code,
    sign_up_by_link,
    set_passwords,
    change_addresses,
    use_an_authenticator_app,
    use_a_security_key,
    resend_to_an_address,
]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_the_responses_of_a_story_have_the_documented_form(story: Callable[[], Caller]) -> None:
    assert story().seen


def test_the_stories_have_each_documented_response() -> None:
    seen = set().union(*(story().seen for story in STORIES))
    described = yaml.safe_load(FILE.read_text())["paths"]
    documented = {
        (method, path.removeprefix(APP), status)
        for path, operations in described.items()
        for method, operation in operations.items()
        for status in operation["responses"]
    }
    assert documented - seen == set()


def routes(patterns: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the path and the view class of each route."""
    for each in patterns:
        path = prefix + str(each.pattern)
        if isinstance(each, URLPattern):
            yield path, each.callback.view_class
        else:
            yield from routes(each.url_patterns, path)


@cache
def of_apps() -> dict[str, set[str]]:
    """Return the methods by the path after the version, of allauth's routes and of ours, which come first."""
    found: dict[str, set[str]] = {}
    ours = get_resolver("users.account_api.urls").url_patterns
    for path, view in [*routes(ours), *routes(headless.urlpatterns)]:
        if path.startswith("app/v1/"):
            found.setdefault(path.removeprefix("app/v1/"), {method for method in METHODS if hasattr(view, method)})
    return found


def test_each_route_is_documented_or_off() -> None:
    documented = {
        path.removeprefix(APP): set(operations) for path, operations in document()["paths"].items() if path.startswith(APP)
    }
    assert documented == {path: methods for path, methods in of_apps().items() if path not in OFF}


@pytest.mark.parametrize("client", ["app", "browser"])
@pytest.mark.parametrize("path", OFF)
def test_a_route_that_is_off_does_not_exist(path: str, client: str) -> None:
    for method in METHODS:
        response = getattr(with_session(""), method)(f"/_allauth/{client}/v1/{path}", {}, format="json")
        assert response.status_code == 404
