"""The context of the running action (a request, job or command): its actor, and the rows that it may access.

Row-level security, audit, logs and jobs read it. Every SQL statement runs under it, see `core.rls.roles`. Outside of an action
the role is NONE, which can't read owned rows.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID


class Role(StrEnum):
    """The database roles that statements run as; see `core.rls.roles`."""

    NONE = ""
    ACCOUNTS = "mingus_accounts"
    CUSTOMER = "mingus_customer"
    STAFF = "mingus_staff"


class ActionContext(NamedTuple):
    """The origin of one action, and the rows that it may access.

    - `request_id` is in the action's log lines and audit events.
    - `actor_id` is the signed-in user; None for an anonymous request, and for a job or command, which has a `source`
      ("job users.tasks.x", "command demo").
    - `impersonator_id` is the staff member who acts as `actor_id`, for the given `reason`.
    - `role` and `owner_id` determine the rows that statements can access.
    """

    request_id: str = ""
    actor_id: UUID | None = None
    impersonator_id: UUID | None = None
    source: str = ""
    reason: str = ""
    role: Role = Role.NONE
    owner_id: UUID | None = None


_current: ContextVar[ActionContext] = ContextVar("mingus_action_context", default=ActionContext())  # noqa: B039 - frozen


def current() -> ActionContext:
    """Return the context of the running action, or an empty one outside of actions."""
    return _current.get()


def update(**fields: Any) -> None:
    """Change fields of the current context, for example after authentication."""
    _current.set(_current.get()._replace(**fields))


@contextmanager
def action(request_id: str, **fields: Any) -> Iterator[ActionContext]:
    """Run a block in a new context, and restore the previous one afterwards."""
    token = _current.set(ActionContext(request_id=request_id, **fields))
    try:
        yield _current.get()
    finally:
        _current.reset(token)


@contextmanager
def request(request_id: str) -> Iterator[None]:
    """Run a request in a new context. Its id stays set afterwards, because Django logs the response after all middleware."""
    before = _current.get()
    _current.set(ActionContext(request_id=request_id, role=Role.ACCOUNTS))
    try:
        yield
    finally:
        _current.set(before._replace(request_id=request_id))


@contextmanager
def using_role(role: Role, owner_id: UUID | None = None, *, reason: str = "") -> Iterator[None]:
    """Run a block with another role; call it through the functions of `core.rls.roles`."""
    now = _current.get()
    token = _current.set(now._replace(role=role, owner_id=owner_id, reason=reason or now.reason))
    try:
        yield
    finally:
        _current.reset(token)


class ContextFilter(logging.Filter):
    """A logging filter that adds the request's id to every log record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current().request_id or "-"
        return True
