"""`ETag`, `If-Match` and `If-None-Match`. With `If-Match` a client can't overwrite a change that it has not read."""

import hashlib
from datetime import datetime

from django.http import HttpRequest
from rest_framework.request import Request

from core.api.errors import ApiError
from core.models.base import BaseModel


def etag_of(instance: BaseModel) -> str:
    """Return a strong entity tag, a hash of the row's key and `updated_at`."""
    return tag_of(instance.pk, instance.updated_at)


def tag_of(key: object, updated_at: datetime) -> str:
    """Return the entity tag of the row with this key."""
    state = f"{key}|{updated_at.timestamp():.6f}"
    return f'"{hashlib.sha256(state.encode()).hexdigest()[:32]}"'


def is_among(tag: str, header: str) -> bool:
    """Return True if a header contains the tag, also as a weak one, which the tag of a compressed response is."""
    return tag.removeprefix("W/") in [each.strip().removeprefix("W/") for each in header.split(",")]


def require_match(request: Request, instance: BaseModel) -> None:
    """Raise a 412 if the request's `If-Match` does not contain the row's entity tag."""
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*" or is_among(etag_of(instance), header):
        return
    raise ApiError(412, "stale", "The row was changed since you read it. Read it again and repeat your change.")


def is_known(request: HttpRequest | Request, tag: str, model: type[BaseModel]) -> bool:
    """Return True if the client already has the state `tag` of a row (`If-None-Match`).

    It is never known for a row with a value that is read from other rows, whose changes do not change the tag.
    """
    return is_sent(request, tag) and not model.has_values_of_other_rows()


def is_sent(request: HttpRequest | Request, tag: str) -> bool:
    """Return True if `If-None-Match` contains the tag."""
    header = request.META.get("HTTP_IF_NONE_MATCH", "")
    return header != "" and is_among(tag, header)
