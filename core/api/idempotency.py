"""`Idempotency-Key`: a retried POST is executed once, and the retry gets the stored response.

The key's row is inserted in the request's transaction. A concurrent retry waits for that row, and then finds the stored
response. If the first request failed, its row was rolled back, and the retry is executed.
"""

import hashlib
import json
import re
from datetime import timedelta

import orjson
from django.core.files.uploadedfile import UploadedFile
from django.db import connection
from django.utils.datastructures import MultiValueDict
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from uuid_utils.compat import uuid7

from core import clock
from core.api.errors import ApiError
from core.api.renderers import ORJSON_OPTIONS, as_json
from core.models.base import IdempotencyKey

RETENTION = timedelta(hours=48)  # a day, also if the clock is set forward by a day
STORED_HEADERS = ("ETag", "Location")
KEY = re.compile(r"[\x21-\x7e]{1,255}")

RESERVE = """
INSERT INTO core_idempotencykey (id, user_id, key, fingerprint) VALUES (%s, %s, %s, %s)
ON CONFLICT ON CONSTRAINT core_idempotencykey_key_unique DO UPDATE
   SET fingerprint = excluded.fingerprint, status = NULL, response = NULL, id = excluded.id, created_at = now()
 WHERE core_idempotencykey.created_at < %s
RETURNING id
"""


class Replay(Exception):  # noqa: N818 - not an error: it ends the request early
    """The request is a retry of a POST that was executed before; `response` is the stored response."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


def reserve_key(request: Request) -> IdempotencyKey | None:
    """Reserve the request's key, or return None if it has none. Raise Replay for a retry, a 422 for another request's key."""
    key = request.headers.get("Idempotency-Key")
    if key is None or request.method != "POST":
        return None
    if not KEY.fullmatch(key):
        message = "Idempotency-Key must be 1 to 255 visible ASCII characters, such as a UUID."
        raise ValidationError({"Idempotency-Key": [message]})
    reserved = _reserve(request, key, fingerprint(request))
    if reserved is None:
        raise _replay(request, key)
    return reserved


def _reserve(request: Request, key: str, mark: bytes) -> IdempotencyKey | None:
    with connection.cursor() as cursor:
        cursor.execute(RESERVE, [uuid7(), request.user.pk, key, mark, clock.now() - RETENTION])
        row = cursor.fetchone()
    return IdempotencyKey.from_db(connection.alias, ["id", "user_id"], [row[0], request.user.pk]) if row else None


def _replay(request: Request, key: str) -> Exception:
    stored = IdempotencyKey.objects.for_user(request.user).get(key=key)
    if bytes(stored.fingerprint) != fingerprint(request):
        return ApiError(422, "idempotency_key_reused", "This Idempotency-Key was used for another request. Use a new one.")
    body, headers = stored.response
    return Replay(Response(body, status=stored.status, headers={**headers, "Idempotent-Replayed": "true"}))


def store_response(reserved: IdempotencyKey, response: Response) -> None:
    """Store the response in the transaction of the request."""
    reserved.status = response.status_code
    headers = {name: response.headers[name] for name in STORED_HEADERS if name in response.headers}
    reserved.response = json.loads(as_json([response.data, headers]))
    reserved.save(update_fields=["status", "response"])


def fingerprint(request: Request) -> bytes:
    """Return the SHA-256 of the request's method, path and content; for a multipart body without its boundary."""
    items = request.data
    if isinstance(items, MultiValueDict):
        items = sorted((name, _content(value)) for name, values in items.lists() for value in values)
    elif isinstance(items, dict):
        items = sorted((name, _content(value)) for name, value in items.items())
    parts = [request.method, request.get_full_path(), items]
    return hashlib.sha256(as_json(parts, ORJSON_OPTIONS | orjson.OPT_SORT_KEYS)).digest()


def _content(value: object) -> str:
    if not isinstance(value, UploadedFile):
        return as_json(value, ORJSON_OPTIONS | orjson.OPT_SORT_KEYS).decode()
    digest = hashlib.sha256()
    for chunk in value.chunks():
        digest.update(chunk)
    value.seek(0)
    return f"file {value.name} {digest.hexdigest()}"
