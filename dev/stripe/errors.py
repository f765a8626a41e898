"""The errors of the API in Stripe's format: `{"error": {type, code, message, param, …}}`.

Statuses: 400 invalid request, 401 invalid key, 402 declined card, 404 no such object, 409 key in use, 429 rate limit,
500 Stripe's fault.
"""

from typing import Any


class ApiError(Exception):
    """An error response. With `keeps_work` the transaction is committed, so that a declined charge is stored."""

    def __init__(
        self, message: str, *, status: int = 400, kind: str = "invalid_request_error", keeps_work: bool = False, **more: Any
    ) -> None:
        super().__init__(message)
        self.message, self.status, self.kind, self.keeps_work, self.more = message, status, kind, keeps_work, more

    def body(self, request_id: str) -> dict[str, Any]:
        error = {
            "message": self.message,
            "type": self.kind,
            **{key: value for key, value in self.more.items() if value is not None},
        }
        if "code" in error:
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{str(error['code']).replace('_', '-')}"
        if self.status != 401:
            error["request_log_url"] = f"https://dashboard.stripe.com/test/logs/{request_id}"
        return {"error": error}


def missing_parameter(name: str) -> ApiError:
    return ApiError(f"Missing required param: {name}.", code="parameter_missing", param=name)


def no_such(what: str, name: object, param: str = "id", hint: str = "") -> ApiError:
    """Return the error for a missing object: 404 when the path names it, 400 when a parameter does."""
    return ApiError(
        f"No such {what}: '{name}'{hint}", status=404 if param == "id" else 400, code="resource_missing", param=param
    )


def declined(failure: dict[str, Any], *, keeps_work: bool = True, **more: Any) -> ApiError:
    """Return 402 for a declined card; `failure` has code, decline_code and message."""
    return ApiError(
        failure["message"],
        status=402,
        kind="card_error",
        keeps_work=keeps_work,
        code=failure["code"],
        decline_code=failure["decline_code"],
        **more,
    )
