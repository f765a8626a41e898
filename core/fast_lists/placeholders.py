"""Placeholders for a request, its user and its credential, with which a view builds the SQL of a compiled read."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from core.fast_lists.compiled_queries import UncompilableError

OWNER = "the owner"  # the names of parameters, with a space, so that they differ from every filter's name
SESSION = "the session"
KEY = "the key"


class Placeholder:
    """An object with the given attributes only.

    SECURITY: SQL that depends on any other attribute can't be compiled, because it would be executed for other callers, too.
    """

    def __init__(self, **attributes: object) -> None:
        vars(self).update(attributes)

    def __getattr__(self, name: str) -> object:
        if name.startswith("_") or name == "resolve_expression":  # Django asks every value whether it is an expression
            raise AttributeError(name)
        raise UncompilableError(f"The SQL depends on `{name}` of the request.")


def placeholder_request(params: Mapping[str, Any], values: Mapping[str, Any], *, as_staff: bool | None) -> Placeholder:
    """Return a GET request of the owner in `values`.

    `as_staff` says whether the caller is staff, and is None if the rows must not depend on it.
    """
    owner: UUID | None = values.get(OWNER)
    staff = {} if as_staff is None else {"is_authenticated": True, "is_staff": as_staff}
    session = {"digest": values[SESSION]} if SESSION in values else {}
    user = Placeholder(pk=owner, id=owner, **staff)
    auth = Placeholder(has_second_factor=as_staff, **session)
    return Placeholder(user=user, auth=auth, query_params=params, method="GET")


def placeholder_view(
    view_class: Any, action: str, params: Mapping[str, Any], values: Mapping[str, Any], *, as_staff: bool | None, **options: Any
) -> Any:
    """Return a viewset for the placeholder request, as it is when it calls `action` of a path without keys."""
    view = view_class(**options)
    view.action, view.args, view.kwargs, view.format_kwarg = action, (), {}, None
    view.request = placeholder_request(params, values, as_staff=as_staff)
    return view
