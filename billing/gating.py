"""Feature gates, which restrict views of any app to users whose plan includes a feature.

Gate actions that create or analyze data, but never reading or exporting: users must not be locked out of their own data. New
routes call `services.use_feature`, whose errors have status 403; `tests/contract/feature_gates.py` has the table of all gates.
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
    402: OpenApiResponse(PROBLEM, "The plan does not include the feature, or access has ended. `detail` lists plans that do."),
    429: OpenApiResponse(PROBLEM, "The monthly limit is reached. `detail` and `Retry-After` state when the count is reset."),
}
MethodT = TypeVar("MethodT", bound=Callable[..., Response])


def requires_feature(feature: str, *, amount: int = 1, counted: bool = True) -> Callable[[MethodT], MethodT]:
    """Restrict a view's method to users with access to `feature`, and count `amount` uses of it if `counted` is true.

    A 402 response contains the feature and the plans that include it. A 429 response contains the limit, the usage and the
    time of the reset, with Retry-After. The check runs after the request's Idempotency-Key is reserved, so a repeated request
    is not counted. The count is part of the request's transaction, so a failed request (400, 409) is not counted either.
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
