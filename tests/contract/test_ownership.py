"""Isolation of the rows of different users on every route and method."""

from uuid import uuid4

import pytest
from django.db import models
from rest_framework.test import APIClient

from dev.factories import FACTORIES
from dev.routes import OWNED_KEYED, OWNED_LISTS, Route, make
from tests.conftest import ClientFor
from users.models import User

KEYED_OPERATIONS = [(route, method) for route in OWNED_KEYED for method in route.methods]


@pytest.mark.parametrize("route", OWNED_LISTS, ids=str)
def test_a_list_shows_only_the_users_own_rows(route: Route, alice: User, bob: User, api: ClientFor) -> None:
    [mine], [foreign] = make(route.model, 1, alice), make(route.model, 1, bob)
    shown = {row["id"] for row in api(alice).get(route.path(), {"limit": 200}).json()["results"]}
    assert str(mine.pk) in shown
    assert str(foreign.pk) not in shown


@pytest.mark.parametrize(("route", "method"), KEYED_OPERATIONS, ids=str)
def test_a_foreign_row_is_like_one_that_does_not_exist(
    route: Route, method: str, alice: User, bob: User, api: ClientFor
) -> None:
    foreign = FACTORIES[route.model](user=bob)
    before = FACTORIES[route.model]._meta.model.objects.filter(pk=foreign.pk).values().get()
    client = api(alice)
    theirs = client.generic(method.upper(), route.path(foreign.pk), "{}", "application/json")
    unknown = client.generic(method.upper(), route.path(uuid4()), "{}", "application/json")
    assert theirs.status_code == 404
    assert (theirs.status_code, theirs.content) == (unknown.status_code, unknown.content)
    assert FACTORIES[route.model]._meta.model.objects.filter(pk=foreign.pk).values().get() == before


def owned_keys() -> list[tuple[Route, str]]:
    """Return every writable foreign key to an owned model, with its route."""
    pairs = [
        (route, name, field) for route in OWNED_LISTS if "post" in route.methods for name, field in fields_of(route).items()
    ]
    return [(route, name) for route, name, field in pairs if hasattr(field, "queryset") and not field.read_only]


def fields_of(route: Route) -> dict[str, object]:
    return dict(route.view.serializer_class().fields) if route.view.serializer_class else {}


@pytest.mark.parametrize(("route", "name"), owned_keys(), ids=str)
def test_a_foreign_key_in_a_body_is_refused_like_an_unknown_one(
    route: Route, name: str, alice: User, bob: User, as_alice: APIClient
) -> None:
    target: models.Model = FACTORIES[fields_of(route)[name].queryset.model](user=bob)
    form = "multipart" if route.takes_a_file else "json"
    theirs = as_alice.post(route.path(), {name: str(target.pk)}, format=form).json()["errors"]
    unknown = as_alice.post(route.path(), {name: str(uuid4())}, format=form).json()["errors"]
    found = next(error for error in theirs if error["attr"] == name)
    other = next(error for error in unknown if error["attr"] == name)
    assert found["code"] == other["code"] == "does_not_exist"
    assert found["detail"].replace(str(target.pk), "") == other["detail"].replace(other["detail"].split('"')[1], "")
