"""Gates routes by what the caller's plan opens, for the views of every app.

A gate belongs on what is made or analysed anew, never on reading or exporting what is there: nobody is locked out of his data.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from drf_spectacular.utils import OpenApiResponse
from rest_framework.request import Request
from rest_framework.response import Response

from billing import services
from core import clock

PROBLEM = {"$ref": "#/components/schemas/Problem"}
DENIALS = {  # for the schema of a gated route
    402: OpenApiResponse(PROBLEM, "The plan does not open it, or the access has ended; the sentence says who has it."),
    429: OpenApiResponse(PROBLEM, "This month's uses are used up; the sentence and Retry-After say until when."),
}
MethodT = TypeVar("MethodT", bound=Callable[..., Response])


def requires_feature(feature: str, *, amount: int = 1, counted: bool = True) -> Callable[[MethodT], MethodT]:
    """Let a view's method answer only whom `feature` is open to, and count `amount` uses of it unless it is not `counted`.

    402 names the feature and the plans that have it; 429 names the limit, the usage and when it is reset, with Retry-After.
    The check comes after the request's Idempotency-Key is reserved, so a repetition counts nothing. The count is part of the
    request's transaction, so a request that fails (400, 409) has used nothing.
    """

    def gate(method: MethodT) -> MethodT:
        @wraps(method)
        def gated(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
            if counted:
                services.record_usage(user=request.user, feature=feature, amount=amount, now=clock.now())
            else:
                services.require_feature(user=request.user, feature=feature, now=clock.now())
            return method(view, request, *args, **kwargs)

        return cast("MethodT", gated)

    return gate
