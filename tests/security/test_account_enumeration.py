"""Login, sign-up and password reset respond equally for email addresses with and without an account.

Equal are the status, the bytes and the numbers of hashed passwords and statements. Decision 0020 has the measured times.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from dev.factories import PASSWORD, UserFactory
from tests.account_api import send
from tests.sign_in import give_factor, recovery_codes
from users import services
from users.hashers import Argon2Hasher
from users.models import User

STRONG = "Zebra-crossing-42"
TRANSACTION = re.compile("SAVEPOINT|RELEASE|ROLLBACK|BEGIN|COMMIT")


@contextmanager
def counted() -> Iterator[dict[str, int]]:
    """Count the statements and the hashed passwords of the block."""
    found: dict[str, int] = {}
    with (
        CaptureQueriesContext(connection) as queries,
        patch.object(Argon2Hasher, "encode", autospec=True, side_effect=Argon2Hasher.encode) as hashed,
        patch.object(Argon2Hasher, "verify", autospec=True, side_effect=Argon2Hasher.verify) as verified,
    ):
        yield found
    found["statements"] = len([row for row in queries.captured_queries if not TRANSACTION.match(row["sql"])])
    found["hashes"] = hashed.call_count + verified.call_count


def comparable(response: HttpResponse) -> tuple[int, bytes, dict[str, str]]:
    """Return the status, body and headers without the random session token and request id."""
    body = json.loads(response.content)
    body.get("meta", {}).pop("session_token", None)
    headers = {
        name: value for name, value in response.headers.items() if name not in ("X-Request-Id", "Content-Length", "Expires")
    }
    return response.status_code, json.dumps(body).encode(), headers


def both(path: str, known: dict[str, str], unknown: dict[str, str]) -> list[tuple[object, dict[str, int]]]:
    """Return the response to each body and its counts, after a first request that fills the caches."""
    send(path, {**unknown, "email": "warm@example.com"})
    outcomes = []
    for body in (known, unknown):
        cache.clear()
        with counted() as cost:
            response = send(path, body)
        outcomes.append((comparable(response), cost))
    return outcomes


@pytest.fixture
def known(alice: User) -> User:
    services.verify_email_by_staff(alice)
    return alice


def test_login(known: User) -> None:
    wrong = {"email": known.email, "password": "wrong"}
    [first, second] = both("auth/login", wrong, wrong | {"email": "unknown@example.com"})
    assert first == second
    assert first[1]["hashes"] == 1


def test_login_to_a_locked_and_to_an_inactive_account(known: User) -> None:
    for _ in range(5):
        send("auth/login", {"email": known.email, "password": "wrong"})
    inactive = UserFactory(is_active=False)
    right = {"email": known.email, "password": "correct horse battery staple"}
    [locked, closed] = both("auth/login", right, right | {"email": inactive.email})
    [locked, unknown] = both("auth/login", right, right | {"email": "unknown@example.com"})
    assert locked == unknown
    assert closed[0] == unknown[0]


@pytest.mark.parametrize(("failures", "password"), [(0, "wrong"), (5, "wrong"), (5, PASSWORD)])
@pytest.mark.parametrize("has_factor", [False, True])
def test_login_with_a_code(has_factor: bool, failures: int, password: str, known: User) -> None:
    if has_factor:
        give_factor(known)
        recovery_codes(known)
    for _ in range(failures):
        send("auth/login", {"email": known.email, "password": "wrong"})
        send("auth/login", {"email": "unknown@example.com", "password": "wrong"})
    wrong = {"email": known.email, "password": password, "code": "000000"}
    [locked, unknown] = both("auth/login", wrong, wrong | {"email": "unknown@example.com"})
    assert locked == unknown


def test_sign_up(known: User) -> None:
    [first, second] = both(
        "auth/signup", {"email": known.email, "password": STRONG}, {"email": "new@example.com", "password": STRONG}
    )
    assert first == second
    assert first[1]["hashes"] == 1
    assert User.objects.count() == 3  # alice, "warm" and "new"


@pytest.mark.django_db
def test_sign_up_with_an_unverified_address() -> None:
    send("auth/signup", {"email": "waiting@example.com", "password": STRONG})
    [first, second] = both(
        "auth/signup", {"email": "waiting@example.com", "password": STRONG}, {"email": "new@example.com", "password": STRONG}
    )
    assert first == second


def test_reset(known: User) -> None:
    [first, second] = both("auth/password/request", {"email": known.email}, {"email": "unknown@example.com"})
    assert first == second
    assert first[0][0] == 200
