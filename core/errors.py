"""Exceptions of models and services.

The API returns a DomainError as JSON (`core.api.errors`), the admin shows it as a message, and commands print it.
"""

from collections.abc import Mapping
from typing import Any


class DomainError(Exception):
    """A violation of a business rule.

    `code` is stable, for clients. `message` is a sentence that says what to do. `field` is the invalid field, if there is one.
    `status` is the HTTP status: 400 for invalid input, 409 for a conflict with the current state, 429 if the request may be
    repeated after `retry_after` seconds. `details` are further members of the error in the API's response.
    """

    details: Mapping[str, Any] = {}

    def __init__(
        self, code: str, message: str, *, field: str | None = None, status: int = 400, retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.status = status
        self.retry_after = retry_after


class ConflictError(DomainError):
    """A conflict of a valid request with the current state of the data (status 409)."""

    def __init__(self, code: str, message: str, *, field: str | None = None) -> None:
        super().__init__(code, message, field=field, status=409)


class CacheUnavailableError(Exception):
    """The shared cache (Redis) does not respond."""
