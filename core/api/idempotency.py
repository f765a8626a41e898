"""`Idempotency-Key`: a POST that is repeated, on purpose or by a nervous network, is carried out once.

The key's row is inserted inside the request's transaction. A concurrent repetition waits on that row, and then finds the
stored answer; if the first one failed, its row is gone with its transaction and the repetition is carried out.
"""

import hashlib
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
from core.api.renderers import ORJSON_OPTIONS, json_default
from core.models.base import IdempotencyKey

RETENTION = timedelta(hours=24)
STORED_HEADERS = ("ETag",)
KEY = re.compile(r"[\x21-\x7e]{1,255}")

RESERVE = """
INSERT INTO core_idempotencykey (id, user_id, key, fingerprint) VALUES (%s, %s, %s, %s)
ON CONFLICT ON CONSTRAINT core_idempotencykey_key_unique DO UPDATE
   SET fingerprint = excluded.fingerprint, status = NULL, answer = NULL, id = excluded.id, created_at = now()
 WHERE core_idempotencykey.created_at < %s
RETURNING id
"""


class Replay(Exception):  # noqa: N818 - it is not an error, but a way out
    """This POST was carried out before; `response` is what it answered then."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


def reserve_key(request: Request) -> IdempotencyKey | None:
    """Reserve the request's key, None when it has none. Raises Replay for a repetition, 422 for a key used otherwise."""
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
    body, headers = stored.answer
    return Replay(Response(body, status=stored.status, headers={**headers, "Idempotent-Replayed": "true"}))


def store_response(reserved: IdempotencyKey, response: Response) -> None:
    """Store what the request answered, in the transaction that did its work."""
    reserved.status = response.status_code
    headers = {name: response.headers[name] for name in STORED_HEADERS if name in response.headers}
    reserved.answer = orjson.loads(orjson.dumps([response.data, headers], json_default, ORJSON_OPTIONS))
    reserved.save(update_fields=["status", "answer"])


def fingerprint(request: Request) -> bytes:
    """SHA-256 over what was asked: method, path and content. Multipart bodies count by content, not by boundary."""
    items = request.data
    if isinstance(items, MultiValueDict):
        items = sorted((name, _content(value)) for name, values in items.lists() for value in values)
    elif isinstance(items, dict):
        items = sorted((name, _content(value)) for name, value in items.items())
    asked = [request.method, request.get_full_path(), items]
    return hashlib.sha256(orjson.dumps(asked, json_default, ORJSON_OPTIONS | orjson.OPT_SORT_KEYS)).digest()


def _content(value: object) -> str:
    if not isinstance(value, UploadedFile):
        return orjson.dumps(value, json_default, ORJSON_OPTIONS | orjson.OPT_SORT_KEYS).decode()
    digest = hashlib.sha256()
    for chunk in value.chunks():
        digest.update(chunk)
    value.seek(0)
    return f"file {value.name} {digest.hexdigest()}"
