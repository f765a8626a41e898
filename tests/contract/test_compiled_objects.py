"""Compiled single objects, whose responses and headers must be the same as those of the plain path."""

from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from core.fast_lists import compiled_queries
from dev.routes import ROUTES, Route, make
from tests.conftest import ClientFor
from tests.contract.list_client import SESSION_CREDENTIALS, ListClient, Responses, used, watch
from users.models import User

OBJECTS = [route for route in ROUTES if route.methods.get("get") == "retrieve"]
NOT_COMPILED = {
    "users/profile/",  # its values are computed in Python
    "users/me/export/<uuid:pk>/",  # a token may not read it
    "users/me/uploads/<uuid:pk>/",  # with the result of the job
    "finance/imports/<uuid:pk>/",  # with the errors of all rows
    "webhooks/messages/<uuid:pk>/",  # with its attempts
}
COMPILED = [route for route in OBJECTS if str(route) not in NOT_COMPILED]
OWNED = [route for route in COMPILED if route.is_owned]
KEYED = [route for route in OWNED if route.has_key]


@pytest.fixture
def responses(monkeypatch: pytest.MonkeyPatch) -> Responses:
    return watch(monkeypatch)


@pytest.fixture
def objects(alice: User, api: ClientFor, responses: Responses) -> ListClient:
    return ListClient(used(api(alice)), responses)


def path_of(route: Route, owner: User) -> str:
    """Return the path of a new row, or of a singleton."""
    return route.path(make(route.model, 1, owner)[0].pk if route.has_key else None)


@pytest.mark.parametrize("route", OBJECTS, ids=str)
def test_every_single_object_but_the_exceptions_is_compiled(
    route: Route, alice: User, api: ClientFor, responses: Responses
) -> None:
    alice.is_staff = alice.is_superuser = True
    alice.save()
    client, path = used(api(alice)), path_of(route, alice)
    for _ in range(2):
        client.get(path)
    assert (bool(responses) and responses[-1] is not None) is (str(route) not in NOT_COMPILED)


@pytest.mark.parametrize("route", OWNED, ids=str)
def test_an_object_is_the_same(route: Route, alice: User, objects: ListClient) -> None:
    found = objects.both(path_of(route, alice))
    assert objects.was_compiled
    assert found.json()["id"]


@pytest.mark.parametrize("route", OWNED, ids=str)
@pytest.mark.parametrize("credential", SESSION_CREDENTIALS)
def test_an_object_by_session_is_compiled_and_the_same(
    route: Route, credential: str, alice: User, responses: Responses
) -> None:
    client = ListClient(used(SESSION_CREDENTIALS[credential](alice)), responses)
    client.both(path_of(route, alice))
    assert client.was_compiled


@pytest.mark.parametrize("route", KEYED, ids=str)
def test_another_customers_object_is_as_unknown_as_one_that_does_not_exist(
    route: Route, alice: User, bob: User, objects: ListClient
) -> None:
    path = path_of(route, alice)
    objects.both(path)
    (foreign,) = make(route.model, 1, bob)
    is_broadcast = objects.client.get(route.path(foreign.pk)).status_code == 200
    assert not is_broadcast
    statuses = [objects.client.get(route.path(key)) for key in (foreign.pk, uuid4())]
    assert [response.status_code for response in statuses] == [404, 404]
    assert statuses[0].content == statuses[1].content


@pytest.mark.parametrize("route", OWNED, ids=str)
def test_a_known_state_is_not_sent_again(route: Route, alice: User, objects: ListClient) -> None:
    path = path_of(route, alice)
    tag = objects.both(path).headers["ETag"]
    status = 200 if route.model.has_values_of_other_rows() else 304
    for header in (tag, f'"other", W/{tag}'):
        objects.both(path, status=status, If_None_Match=header)
        assert objects.was_compiled
    objects.both(path, If_None_Match='"other"')


TRANSACTIONS = next(route for route in KEYED if str(route) == "finance/transactions/<uuid:pk>/")


@pytest.fixture
def path(alice: User) -> str:
    return path_of(TRANSACTIONS, alice)


def test_a_change_is_seen_at_once(path: str, objects: ListClient) -> None:
    before = objects.both(path)
    assert objects.client.patch(path, {"description": "Changed"}).status_code == 200
    after = objects.both(path, If_None_Match=before.headers["ETag"])
    assert after.json()["description"] == "Changed"
    assert objects.client.delete(path).status_code == 204
    assert objects.client.get(path).status_code == 404


def test_parameters_are_refused_by_the_plain_path(path: str, objects: ListClient) -> None:
    objects.both(path)
    assert objects.client.get(path, {"color": "red"}).status_code == 400
    assert not objects.was_compiled


@pytest.mark.usefixtures("stopped_clock")
def test_a_request_that_is_left_to_the_plain_path_is_counted_once(path: str, objects: ListClient, settings: Any) -> None:
    objects.both(path)
    settings.RATES = settings.RATES | {"reads": "4/h"}
    cache.clear()
    unknown = TRANSACTIONS.path(uuid4())
    assert [objects.client.get(unknown).status_code for _ in range(5)] == [404, 404, 404, 404, 429]


@pytest.mark.parametrize("change", [str.upper, lambda path: path.removesuffix("/"), lambda path: f"{path}x/"])
def test_other_spellings_of_a_path_are_unknown(change: Any, path: str, objects: ListClient) -> None:
    objects.both(path)
    head, key = path[:-37], path[-37:]
    assert objects.client.get(head + change(key)).status_code == 404


def test_an_object_is_the_same_with_fast_lists_off(
    path: str, objects: ListClient, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = objects.both(path).json()
    settings.FAST_LISTS = False
    monkeypatch.setattr(compiled_queries, "_session", None)  # makes the preparation of a statement fail
    objects.client.handler.load_middleware()  # as at the start of a process with this setting
    assert objects.client.get(path).json() == found


def test_visitors_and_staff_read_a_plan(administrator: User, as_alice: APIClient, api: ClientFor, responses: Responses) -> None:
    plans = next(route for route in COMPILED if str(route) == "billing/plans/<uuid:pk>/")
    (plan,) = make(plans.model, 1, administrator)
    type(plan).objects.filter(pk=plan.pk).update(is_active=False)
    staff = used(api(administrator))
    assert [staff.get(plans.path(plan.pk)).status_code for _ in range(2)] == [200, 200]
    assert responses[-1] is not None
    assert as_alice.get(plans.path(plan.pk)).status_code == 404
    assert APIClient().get(plans.path(plan.pk)).status_code == 404
