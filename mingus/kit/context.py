"""Who is doing what: the request's id and its actor, for logs, audit and jobs, without passing them everywhere."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ActionContext:
    """One action's origin: `request_id` ties its log lines, `actor_id` is the signed-in user, None for nobody."""

    request_id: str = ""
    actor_id: UUID | None = None


_current: ContextVar[ActionContext] = ContextVar("mingus_action_context", default=ActionContext())  # noqa: B039 - frozen


def current() -> ActionContext:
    """The action that the running code belongs to; an empty context outside requests and jobs."""
    return _current.get()


def set_actor(actor_id: UUID) -> None:
    """Name the signed-in user once authentication has found out who it is."""
    _current.set(replace(_current.get(), actor_id=actor_id))


def begin(request_id: str) -> None:
    """Start a request's action. It lasts until the next one begins: Django logs an answer after all middleware."""
    _current.set(ActionContext(request_id=request_id))


@contextmanager
def action(request_id: str) -> Iterator[ActionContext]:
    """Run a block as one action; the former context returns afterwards, also when the block fails."""
    token = _current.set(ActionContext(request_id=request_id))
    try:
        yield _current.get()
    finally:
        _current.reset(token)


class ContextFilter(logging.Filter):
    """Puts the request's id on every log record, so that one request's lines can be found."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current().request_id or "-"
        return True
