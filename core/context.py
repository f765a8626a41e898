"""Who is doing what, and whose rows he may see, without passing it everywhere: for row policies, audit, logs and jobs.

There is one context an action (a request, a job, a command). Every statement to the database goes out under it, see
`core.rls.roles`. Outside of any action the role is NONE, who sees no owned row.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID


class Role(StrEnum):
    """The roles of the database that statements run as; their powers are in `core.rls.roles`."""

    NONE = ""
    ACCOUNTS = "mingus_accounts"
    CUSTOMER = "mingus_customer"
    STAFF = "mingus_staff"


class ActionContext(NamedTuple):
    """One action's origin and its reach.

    `request_id` ties its log lines and audit events. `actor_id` is the signed-in user, None for nobody and for what runs by
    itself, which has its `source` instead ("job users.tasks.x", "command demo"). `impersonator_id` is the colleague who acts
    as `actor_id`, `reason` why staff do it. `role` and `owner_id` say which rows the statements reach.
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
    """The action that the running code belongs to; an empty context outside requests and jobs."""
    return _current.get()


def update(**fields: Any) -> None:
    """Change the running action from here on, as when authentication has found out who it is."""
    _current.set(_current.get()._replace(**fields))


@contextmanager
def action(request_id: str, **fields: Any) -> Iterator[ActionContext]:
    """Run a block as one action of its own; the former context returns afterwards, also when the block fails."""
    token = _current.set(ActionContext(request_id=request_id, **fields))
    try:
        yield _current.get()
    finally:
        _current.reset(token)


@contextmanager
def request(request_id: str) -> Iterator[None]:
    """Run a request as one action. Its id stays until the next one: Django logs an answer after all middleware."""
    before = _current.get()
    _current.set(ActionContext(request_id=request_id, role=Role.ACCOUNTS))
    try:
        yield
    finally:
        _current.set(before._replace(request_id=request_id))


@contextmanager
def using_role(role: Role, owner_id: UUID | None = None, *, reason: str = "") -> Iterator[None]:
    """Run a block with another reach; use the names for it in `core.rls.roles`."""
    now = _current.get()
    token = _current.set(now._replace(role=role, owner_id=owner_id, reason=reason or now.reason))
    try:
        yield
    finally:
        _current.reset(token)


class ContextFilter(logging.Filter):
    """Puts the request's id on every log record, so that one request's lines can be found."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current().request_id or "-"
        return True
