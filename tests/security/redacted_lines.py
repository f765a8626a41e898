"""Log lines as the formatter of the product writes them."""

import logging

from mingus.log_redaction import RedactingFormatter


def line_of(text: str) -> str:
    """Return the redacted line of a message."""
    record = logging.LogRecord("tests", logging.INFO, "", 1, "%s", (text,), None)
    return RedactingFormatter(
        "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s", defaults={"request_id": "-"}
    ).format(record)
