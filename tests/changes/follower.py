"""A client that follows the changes of a user, and the state of the lists that it must have."""

from collections import Counter
from typing import Any

from rest_framework.test import APIClient

from core.changes.types import change_types
from dev.routes import ROUTES

PATH = "/api/v1/changes/"
AS_BEFORE = "updated_at"  # of a write that changes no other value
State = dict[tuple[str, str], Any]


class Follower:
    """A client that stores the objects of each page, as docs/api.md describes."""

    def __init__(self, client: APIClient, **params: Any) -> None:
        self.client, self.params = client, params
        self.cursor = ""
        self.state: State = {}
        self.pages = 0

    def read_page(self) -> dict[str, Any]:
        """Read and apply one page, which has each object at most once."""
        params = self.params | ({"cursor": self.cursor} if self.cursor else {})
        response = self.client.get(PATH, params)
        assert response.status_code == 200, response.content
        page: dict[str, Any] = response.json()
        for change in page["changes"]:
            key = (change["type"], change["id"])
            assert (change["action"] == "delete") is (change["object"] is None)
            if change["object"] is None:
                self.state.pop(key, None)
            else:
                self.state[key] = change["object"]
        counted = Counter((change["type"], change["id"]) for change in page["changes"])
        assert set(counted.values()) <= {1}
        self.cursor = page["cursor"]
        self.pages += 1
        return page

    def catch_up(self) -> list[dict[str, Any]]:
        """Read all pages that there are, and return their changes."""
        found = []
        while True:
            page = self.read_page()
            found += page["changes"]
            if not page["has_more"]:
                return found


def path_of(name: str) -> str:
    """Return the URL of the list of a type, or of its only object."""
    kind = change_types()[name]
    [found] = [route.path() for route in ROUTES if route.view is kind.view_class and route.methods.get("get") == kind.action][
        -1:
    ]
    return found


def state_of_lists(client: APIClient) -> State:
    """Return every object of every type, as its list or its own endpoint returns it."""
    found: State = {}
    for name in change_types():
        found |= objects_of(client, name)
    return found


def objects_of(client: APIClient, name: str) -> State:
    """Return every object of a type, without broadcasts."""
    if change_types()[name].action == "retrieve":
        shown = client.get(path_of(name)).json()
        return {(name, shown["id"]): shown}
    return {(name, row["id"]): row for row in pages_of(client, path_of(name)) if not row.get("is_broadcast")}


def pages_of(client: APIClient, path: str) -> list[dict[str, Any]]:
    found, url = [], f"{path}?limit=200"
    while url:
        page = client.get(url).json()
        found += page["results"]
        url = page["next"]
    return found


def differences(first: State, second: State) -> dict[tuple[str, str], Any]:
    """Return the objects that differ in more than `updated_at`, with the fields that do."""
    found = {
        key: {name: (a.get(name), b.get(name)) for name in {*a, *b} if a.get(name) != b.get(name)}
        for key in first.keys() | second.keys()
        if (a := first.get(key, {})) != (b := second.get(key, {}))
    }
    return {key: fields for key, fields in found.items() if {*fields} != {AS_BEFORE}}
