"""Sessions on the fast path: each change of a session or its user takes effect at the next request."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from prometheus_client import REGISTRY
from rest_framework.test import APIClient

from core import clock
from core.encryption import data_keys
from core.fast_lists.read_permissions import Reason
from dev.factories import PASSWORD, TransactionFactory, UserFactory
from tests.account_api import with_session
from tests.conftest import ClientFor
from tests.contract.list_client import SESSION_CREDENTIALS, Responses, by_cookie, by_session_token, used, watch
from tests.sign_in import sign_in_with_password
from users.models import User, UserSession
from users.models.session import LAST_USE_INTERVAL
from users.sessions import SessionStore, digest_of

PATH = "/api/v1/finance/transactions/"
METRICS = "/api/v1/analytics/metrics/"
SESSIONS = "/api/v1/users/sessions/"


@pytest.fixture
def responses(monkeypatch: pytest.MonkeyPatch) -> Responses:
    return watch(monkeypatch)


@pytest.fixture(params=SESSION_CREDENTIALS)
def known(request: pytest.FixtureRequest, alice: User, responses: Responses) -> Iterator[Callable[[], int]]:
    """Yield a function that returns the list's status; it was compiled before, and is not after the test's change."""
    TransactionFactory(user=alice)
    client = used(SESSION_CREDENTIALS[request.param](alice))
    assert [client.get(PATH).status_code for _ in range(3)] == [200, 200, 200]
    assert responses[-1] is not None
    yield lambda: int(client.get(PATH).status_code)
    assert responses[-1] is None


def test_an_ended_session_is_refused_at_once(known: Callable[[], int]) -> None:
    UserSession.objects.all().end()
    assert known() == 401


def test_an_expired_session_is_refused_at_once(known: Callable[[], int]) -> None:
    UserSession.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    assert known() == 401


def test_a_closed_account_is_refused_at_once(known: Callable[[], int], alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert known() == 401


def test_a_changed_password_ends_the_session_at_once(known: Callable[[], int], alice: User) -> None:
    alice.set_password(f"{PASSWORD} changed")
    alice.save()
    assert known() == 401


def test_a_session_can_not_be_read_after_the_erasure_of_its_key(known: Callable[[], int], alice: User) -> None:
    data_keys.destroy(alice)
    assert known() == 401


def test_a_session_moved_to_another_user_is_refused(known: Callable[[], int], bob: User) -> None:
    UserSession.objects.update(user=bob)
    assert known() == 401


def test_the_use_of_a_session_is_recorded_after_five_minutes(known: Callable[[], int]) -> None:
    before = clock.now() - LAST_USE_INTERVAL - timedelta(minutes=1)
    UserSession.objects.update(last_seen_at=before)
    assert known() == 200
    assert UserSession.objects.filter(last_seen_at__gt=before + LAST_USE_INTERVAL).exists()


def test_altered_data_of_a_session_is_refused(known: Callable[[], int]) -> None:
    row = UserSession.objects.get()
    UserSession.objects.update(data=f"{row.data[:-8]}AAAAAAA=")
    assert known() == 401


def test_too_many_requests_are_refused(known: Callable[[], int], settings: Any) -> None:
    settings.RATES = settings.RATES | {"reads": "3/m"}
    while known() == 200:
        pass
    assert known() == 429


def test_an_unknown_session_is_refused(alice: User, responses: Responses) -> None:
    client = used(by_session_token(alice))
    assert [client.get(PATH).status_code for _ in range(2)] == [200, 200]
    for key in ("", "x" * 32, "ü", "a\x00b"):
        assert with_session(key).get(PATH).status_code == 401
    stranger = APIClient()
    stranger.cookies[settings.SESSION_COOKIE_NAME] = "x" * 32
    assert stranger.get(PATH).status_code == 401


def test_the_first_credential_counts(alice: User, bob: User, api: ClientFor, responses: Responses) -> None:
    """As on the plain path: a token before a session token, and that before a cookie."""
    TransactionFactory(user=alice, description="of alice")
    TransactionFactory(user=bob, description="of bob")

    def seen(client: APIClient) -> str:
        return client.get(PATH).json()["results"][0]["description"]

    both = used(by_cookie(alice))
    both.credentials(HTTP_X_SESSION_TOKEN=by_cookie(bob).cookies[settings.SESSION_COOKIE_NAME].value)
    assert [seen(both) for _ in range(2)] == ["of bob"] * 2
    assert responses[-1] is not None
    token = used(api(alice))
    headers = token._credentials
    both.credentials(**both._credentials | headers)
    assert [seen(both) for _ in range(2)] == ["of alice"] * 2
    assert responses[-1] is not None


def test_staff_need_their_second_factor(alice: User, responses: Responses) -> None:
    staff = UserFactory.create(is_staff=True, is_superuser=True)
    with_factor, without = used(by_cookie(staff)), APIClient()
    sign_in_with_password(without, staff)
    assert [with_factor.get(METRICS).status_code for _ in range(3)] == [200, 200, 200]
    assert responses[-1] is not None
    assert [without.get(METRICS).status_code for _ in range(2)] == [403, 403]


def test_each_session_is_the_current_one_of_its_own_requests(alice: User, responses: Responses) -> None:
    clients = [used(by_session_token(alice)) for _ in range(2)]
    for client in clients * 2:
        (current,) = [row["id"] for row in client.get(SESSIONS).json()["results"] if row["is_current"]]
        assert str(UserSession.objects.get(digest=digest_of(client._credentials["HTTP_X_SESSION_TOKEN"])).pk) == current
    assert responses[-1] is not None


def test_a_session_key_is_not_read_from_data_alone() -> None:
    assert SessionStore.of("key", {"a": 1})["a"] == 1


def test_requests_of_the_plain_path_are_counted_by_reason(alice: User, api: ClientFor, responses: Responses) -> None:
    client = used(api(alice))
    assert [client.get(PATH).status_code for _ in range(2)] == [200, 200]

    def count(reason: Reason) -> float:
        return REGISTRY.get_sample_value("mingus_plain_reads_total", {"reason": reason}) or 0.0

    for reason, send in {
        Reason.ANONYMOUS: lambda: APIClient().get(PATH),
        Reason.CREDENTIAL: lambda: with_session("x" * 32).get(PATH),
        Reason.REFUSED: lambda: client.get(PATH, {"limit": "0"}),
        Reason.NOT_COMPILED: lambda: client.get(PATH, {"search": "date:today"}),
    }.items():
        before = count(reason)
        send()
        assert count(reason) == before + 1, reason
