"""`ETag` and `If-Match`: nobody overwrites a change that he has not seen."""

import hashlib

from rest_framework.request import Request

from core.api.errors import ApiError
from core.models.base import BaseModel


def etag_of(instance: BaseModel) -> str:
    """A strong entity tag for one state of one row: its key and the instant of its last change."""
    state = f"{instance.pk}|{instance.updated_at.timestamp():.6f}"
    return f'"{hashlib.sha256(state.encode()).hexdigest()[:32]}"'


def tags_in(header: str) -> list[str]:
    """The entity tags that a header lists."""
    return [tag.strip() for tag in header.split(",")]


def require_match(request: Request, instance: BaseModel) -> None:
    """Raise 412 when the request names a state that is not the row's present one."""
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*" or etag_of(instance) in tags_in(header):
        return
    raise ApiError(412, "stale", "It was changed since you read it. Read it again and repeat your change.")


def is_known(request: Request, instance: BaseModel) -> bool:
    """Whether the client has this state already (`If-None-Match`)."""
    header = request.headers.get("If-None-Match", "")
    return etag_of(instance) in [tag.removeprefix("W/") for tag in tags_in(header)]
