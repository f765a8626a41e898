"""The limit: a bare WSGI function on psycopg and orjson that returns the same rows. No framework can be faster.

It checks only the token. Statements are prepared, and the connection stays open.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import orjson
import psycopg
from uuid_utils import uuid7

from benchmarks.api_contract import LIMIT, NAMES, PATH, TOKEN_KEY_LENGTH, link

UTC_Z = orjson.OPT_UTC_Z

OWNER = """
SELECT token.digest, token.expiry, token.scope, person.id
  FROM users_personalaccesstoken token
  JOIN users_user person ON person.id = token.user_id
 WHERE token.token_key = %s AND person.is_active
"""

METADATA = NAMES.index("metadata")

COLUMNS = """
id::text, financial_profile_id::text, transaction_type, amount::text, currency, description, category, merchant_name,
transaction_date::text, posted_date::text, reference_number, status, metadata::text, transaction_type = 'income',
transaction_type = 'expense', abs(amount)::text, status = 'completed', created_at, updated_at
"""

# ORDER BY names the table's columns, because no index has the order of the text columns above.
PAGE = f"""
SELECT {COLUMNS}
  FROM finance_financialtransaction entry
 WHERE user_id = %s AND category = %s AND transaction_date >= %s AND transaction_date <= %s
 ORDER BY entry.transaction_date DESC, entry.id DESC
 LIMIT {LIMIT + 1}
"""  # noqa: S608 - put together from constants

ONE = f"SELECT {COLUMNS} FROM finance_financialtransaction WHERE user_id = %s AND id = %s"  # noqa: S608 - constants

INSERT = f"""
INSERT INTO finance_financialtransaction
       (id, user_id, financial_profile_id, transaction_type, amount, currency, description, category, merchant_name,
        transaction_date, posted_date, reference_number, status, metadata)
VALUES (%s, %s, %s, %s, %s, 'USD', %s, %s, %s, %s, %s, '', %s, %s)
RETURNING {COLUMNS}
"""  # noqa: S608 - put together from constants

# In the order of INSERT, between the keys and metadata.
GIVEN = (
    "financial_profile",
    "transaction_type",
    "amount",
    "description",
    "category",
    "merchant_name",
    "transaction_date",
    "posted_date",
    "status",
)


class Limit:
    """The WSGI application."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        self._connection = connection

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        owner = self._owner(environ["HTTP_AUTHORIZATION"].removeprefix("Bearer "))
        posted = environ["REQUEST_METHOD"] == "POST"
        body = self._create(owner, environ["wsgi.input"].read()) if posted else self._read(owner, environ)
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response("201 Created" if posted else "200 OK", headers)
        return [body]

    def _owner(self, token: str) -> Any:
        row = self._connection.execute(OWNER, [token[:TOKEN_KEY_LENGTH]]).fetchone()
        digest = hashlib.sha512(token.encode()).hexdigest()
        if row is None or not hmac.compare_digest(digest, row[0]) or row[1] < datetime.now(UTC):
            raise PermissionError("No such token")
        return row[3]

    def _read(self, owner: Any, environ: dict[str, Any]) -> bytes:
        key = environ["PATH_INFO"].removeprefix(PATH).removesuffix("/")
        return self._one(owner, key) if key else self._page(owner, environ["QUERY_STRING"])

    def _one(self, owner: Any, key: str) -> bytes:
        row = self._connection.execute(ONE, [owner, key]).fetchone()
        return orjson.dumps(_as_object(row), option=UTC_Z)

    def _page(self, owner: Any, query: str) -> bytes:
        filters = {name: values[0] for name, values in parse_qs(query).items()}
        days = (filters["transaction_date__gte"], filters["transaction_date__lte"])
        rows = self._connection.execute(PAGE, [owner, filters["category"], *days]).fetchall()
        shown = [_as_object(row) for row in rows[:LIMIT]]
        return orjson.dumps({"next": link(query, _last(shown), len(rows)), "previous": None, "results": shown}, option=UTC_Z)

    def _create(self, owner: Any, body: bytes) -> bytes:
        given = orjson.loads(body)
        values = [given[name] for name in GIVEN]
        row = self._connection.execute(INSERT, [str(uuid7()), owner, *values, orjson.dumps(given["metadata"]).decode()])
        return orjson.dumps(_as_object(row.fetchone()), option=UTC_Z)


def _as_object(row: Any) -> dict[str, Any]:
    values = list(row)
    values[METADATA] = orjson.Fragment(values[METADATA])
    return dict(zip(NAMES, values, strict=True))


def _last(shown: list[dict[str, Any]]) -> tuple[str, str]:
    return (shown[-1]["transaction_date"], shown[-1]["id"]) if shown else ("", "")
