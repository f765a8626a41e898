"""`Idempotency-Key`: a retried POST is executed once, and the retry gets the stored response.

The key is locked until the request's transaction ends, which stores the response. A concurrent retry waits for the lock, and
then finds the stored response. If the first request failed, nothing was stored, and the retry is executed.
"""

import hashlib
import re
from datetime import timedelta
from typing import Any, NamedTuple, cast
from uuid import UUID

import orjson
from django.core.files.uploadedfile import UploadedFile
from django.db import DEFAULT_DB_ALIAS, connections
from django.utils.datastructures import MultiValueDict
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from uuid_utils.compat import uuid7

from core import clock
from core.api.errors import ApiError
from core.api.renderers import ORJSON_OPTIONS, as_json
from core.encryption import data_keys
from core.encryption.fields import EncryptedField
from core.encryption.key_ring import Key
from core.fast_lists import compiled_queries
from core.fast_lists.query_session import Rows, from_sql
from core.models.base import IdempotencyKey

RETENTION = timedelta(hours=48)  # a day, also if the clock is set forward by a day
STORED_HEADERS = ("ETag", "Location")
KEY = re.compile(r"[\x21-\x7e]{1,255}")

# SECURITY: FOR KEY SHARE keeps the data key until the response that it encrypts is stored
FIND = from_sql(
    """
SELECT data_key.wrapped, stored.id, stored.fingerprint, stored.status, stored.response
  FROM core_datakey data_key
  LEFT JOIN core_idempotencykey stored ON stored.user_id = data_key.user_id AND stored.key = %s AND stored.created_at >= %s
 WHERE data_key.user_id = %s
   FOR KEY SHARE OF data_key
""",
    ("key", "since", "user_id"),
)
LOCK = from_sql("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", ("lock",))
STORE = from_sql(
    """
INSERT INTO core_idempotencykey (id, user_id, key, fingerprint, status, response) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT ON CONSTRAINT core_idempotencykey_key_unique DO UPDATE
   SET id = excluded.id, fingerprint = excluded.fingerprint, status = excluded.status, response = excluded.response,
       created_at = now()
 WHERE core_idempotencykey.created_at < %s
""",
    ("id", "user_id", "key", "fingerprint", "status", "response", "since"),
)
RESPONSE = cast("EncryptedField", IdempotencyKey._meta.get_field("response"))


class Reserved(NamedTuple):
    """A key that is locked until the transaction ends, and the data key that encrypts its response."""

    values: dict[str, Any]
    data_key: Key


class Replay(Exception):  # noqa: N818 - not an error: it ends the request early
    """The request is a retry of a POST that was executed before; `response` is the stored response."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


def reserve_key(request: Request) -> Reserved | None:
    """Lock the request's key, or return None if it has none. Raise Replay for a retry, a 422 for another request's key."""
    key = request.headers.get("Idempotency-Key")
    if key is None or request.method != "POST":
        return None
    if not KEY.fullmatch(key):
        message = "Idempotency-Key must be 1 to 255 visible ASCII characters, such as a UUID."
        raise ValidationError({"Idempotency-Key": [message]})
    owner = cast("UUID", request.user.pk)
    values = {"key": key, "user_id": owner, "since": clock.now() - RETENTION, "fingerprint": fingerprint(request)}
    rows = _find(values)
    if not rows:
        data_keys.create_missing([owner])
        rows = _find(values)
    wrapped, *stored = rows[0]
    if stored[0]:
        raise _replay(values, *stored)
    return Reserved(values, data_keys.unwrap_key(owner, wrapped))


def _find(values: dict[str, Any]) -> Rows:
    """Wait for a concurrent request with the key, and then read the stored response in a statement that sees it."""
    lock = (LOCK, {"lock": f"{values['user_id']} {values['key']}"})
    return compiled_queries.read_all_in_transaction(connections[DEFAULT_DB_ALIAS], [lock, (FIND, values)])[-1]


def _replay(values: dict[str, Any], pk: UUID, mark: bytes, status: int, stored: bytes) -> Exception:
    if mark != values["fingerprint"]:
        return ApiError(422, "idempotency_key_reused", "This Idempotency-Key was used for another request. Use a new one.")
    body, headers = cast("Any", RESPONSE.decrypt_value((pk, values["user_id"]), stored))
    return Replay(Response(body, status=status, headers={**headers, "Idempotent-Replayed": "true"}))


def store_response(reserved: Reserved, response: Response) -> None:
    """Store the response in the transaction of the request."""
    identity = (uuid7(), reserved.values["user_id"])
    headers = {name: response.headers[name] for name in STORED_HEADERS if name in response.headers}
    plaintext = as_json([response.data, headers])
    blob = reserved.data_key.encrypt(RESPONSE.label, RESPONSE.associated_data(identity), plaintext)
    row = reserved.values | {"id": identity[0], "status": response.status_code, "response": blob}
    compiled_queries.read_in_transaction(connections[DEFAULT_DB_ALIAS], STORE, row)


def fingerprint(request: Request) -> bytes:
    """Return the SHA-256 of the request's method, path and content; for a multipart body without its boundary."""
    items = request.data
    if isinstance(items, MultiValueDict):
        items = sorted((name, _content(value)) for name, values in items.lists() for value in values)
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
