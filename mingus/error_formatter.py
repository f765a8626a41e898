"""The JSON body of the API's errors, with the `details` of a DomainError."""

from typing import Any

from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.types import ErrorResponse


class ErrorFormatter(ExceptionFormatter):
    """A formatter that adds members such as `resets_at`."""

    def format_error_response(self, error_response: ErrorResponse) -> dict[str, Any]:
        body: dict[str, Any] = super().format_error_response(error_response)
        body["errors"][0].update(getattr(self.original_exc, "details", {}))
        return body
