"""What a model or a service raises when a rule of the domain forbids what was asked.

The API turns it into the one error shape (`core.api.errors`), the admin into a message, a command into a line.
"""


class DomainError(Exception):
    """A rule said no. `code` is stable for programs, `message` a sentence with the remedy, `field` the culprit if one is.

    `status` is the HTTP status that the API answers with: 400 for bad input, 409 when only the present state forbids it,
    429 when it will be allowed again after `retry_after` seconds.
    """

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
    """The request is well formed, but the present state of the data forbids it."""

    def __init__(self, code: str, message: str, *, field: str | None = None) -> None:
        super().__init__(code, message, field=field, status=409)


class CacheUnavailableError(Exception):
    """The memory that processes share does not answer."""
