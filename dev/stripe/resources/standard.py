"""The routes that most resources share: retrieve, list and update."""

from contextlib import nullcontext
from typing import Any

from dev.stripe.account import Account, set_metadata
from dev.stripe.events import updating
from dev.stripe.pagination import PAGING, newest_first, page
from dev.stripe.parameters import Table, metadata, span
from dev.stripe.routes import route
from dev.stripe.store import Obj


def retrieve_route(path: str, kind: str, table: Table | None = None) -> None:
    """Register `GET path/{id}`, which returns an object of a kind."""

    @route(f"GET {path}/{{id}}", table)
    def retrieve(account: Account, given: dict[str, Any], *names: str) -> Obj:
        return account.find(kind, names[-1])


def list_route(path: str, kind: str, filters: Table | None = None) -> None:
    """Register `GET path`: the objects of a kind, newest first, whose fields have the values of the filters."""
    names = [name for name, reader in (filters or {}).items() if reader is not span]

    @route(f"GET {path}", {**PAGING, **(filters or {})})
    def list_objects(account: Account, given: dict[str, Any]) -> Obj:
        return page(path, newest_first(account, kind, given, *names), given)


def update_route(path: str, kind: str, table: Table | None = None, *, sends_event: bool = True) -> None:
    """Register `POST path/{id}`, which changes an object's metadata and the fields of the table."""
    table = table or {}

    @route(f"POST {path}/{{id}}", {**table, "metadata": metadata})
    def update(account: Account, given: dict[str, Any], name: str) -> Obj:
        obj = account.find(kind, name)
        with updating(account, obj) if sends_event else nullcontext():
            obj.update({key: given[key] for key in table if key in given})
            set_metadata(obj, given)
        return obj
