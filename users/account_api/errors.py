"""Errors of the account API in the format of the API, with codes that say what has happened and what to do next."""

from typing import Any, NamedTuple


class Outcome(NamedTuple):
    """A code and a sentence with the remedy."""

    code: str
    detail: str


BASE = "/_allauth/app/v1"
BROWSERS = "(browsers: /browser/ instead of /app/)"
REAUTHENTICATION = Outcome(
    "reauthentication_required",
    f"Confirm the password with POST {BASE}/auth/reauthenticate, or a second factor with POST {BASE}/auth/2fa/reauthenticate "
    f"{BROWSERS}. Then repeat this request.",
)
PENDING = {
    "verify_email": Outcome(
        "email_not_verified",
        f"The address is not verified. Send the code from the email to POST {BASE}/auth/email/verify with this session's "
        "token, or open the link in the email and log in.",
    ),
    "mfa_authenticate": Outcome(
        "second_factor_required",
        f"Send a code of the second factor to POST {BASE}/auth/2fa/authenticate {BROWSERS} with this session's token.",
    ),
}
NOT_LOGGED_IN = Outcome("not_authenticated", "Not logged in. `data.flows` lists the ways to log in.")
PASSWORD_SET = Outcome("password_set", f"The new password is set. Log in with it: POST {BASE}/auth/login.")
DONE: dict[tuple[str, str], Outcome] = {
    ("POST", "auth/email/verify"): Outcome("email_verified", f"The address is verified. Log in: POST {BASE}/auth/login."),
    ("POST", "auth/password/reset"): PASSWORD_SET,
    ("POST", "account/password/change"): PASSWORD_SET,
    ("DELETE", "auth/session"): Outcome("logged_out", "This session has ended."),
}
NOT_SET_UP = Outcome(
    "not_set_up",
    "This second factor is not set up. GET returns `meta.secret` and `meta.totp_url` for an authenticator app. POST the code "
    "that it shows to set it up.",
)
LOGGED_IN = Outcome("already_logged_in", f"This session is logged in. Log out first: DELETE {BASE}/auth/session.")
REFUSED: dict[tuple[int, str], Outcome] = {
    (409, "auth/login"): LOGGED_IN,
    (409, "auth/signup"): LOGGED_IN,
    (403, "account/email"): Outcome("too_many_emails", "An email was sent a short time ago. Look in the spam folder, or wait."),
}
BY_STATUS = {
    403: Outcome("refused", "This action is not available."),
    404: Outcome("not_found", "There is nothing here. The API guide lists the endpoints."),
    409: Outcome("nothing_pending", "No step of this kind is pending in this session. `GET auth/session` shows its state."),
    410: Outcome("session_ended", "The session has ended. Log in again."),
    429: Outcome("too_many_requests", "Too many attempts. Wait for the number of seconds in Retry-After."),
}
UNKNOWN = Outcome("refused", "The request could not be processed.")


def as_api_errors(method: str, path: str, status: int, body: dict[str, Any]) -> dict[str, Any]:
    """Return `body` with `type`, and with `detail` and `attr` in each error, beside allauth's `message` and `param`.

    `path` is the part of the URL after the version.
    """
    if "type" in body:
        return body
    errors = [{**error, "detail": error["message"], "attr": error.get("param")} for error in body.get("errors", [])]
    if not errors:
        outcome = outcome_of(method, path, status, body)
        errors = [{"code": outcome.code, "detail": outcome.detail, "attr": None}]
    if "is_authenticated" in body.get("meta", {}):  # allauth 65 also sends null for "no"
        body["meta"]["is_authenticated"] = bool(body["meta"]["is_authenticated"])
    return body | {"type": "validation_error" if status == 400 else "client_error", "errors": errors}


def outcome_of(method: str, path: str, status: int, body: dict[str, Any]) -> Outcome:
    """Return what a response of allauth means that has a status only."""
    if status == 401:
        return _of_unauthenticated(method, path, body)
    if status == 404 and path.startswith("account/authenticators/"):
        return NOT_SET_UP
    return REFUSED.get((status, path)) or BY_STATUS.get(status, UNKNOWN)


def _of_unauthenticated(method: str, path: str, body: dict[str, Any]) -> Outcome:
    """Return the meaning of a 401, which allauth also uses for a step that has succeeded without a login."""
    if body.get("meta", {}).get("is_authenticated"):
        return REAUTHENTICATION
    pending = [flow["id"] for flow in body.get("data", {}).get("flows", []) if flow.get("is_pending")]
    return next((PENDING[name] for name in pending if name in PENDING), DONE.get((method, path), NOT_LOGGED_IN))
