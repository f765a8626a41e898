"""Log lines without what a stranger to the database may not read: they go to places with other locks."""

import logging
import re
from typing import Any

REDACTIONS = [
    # what PostgreSQL quotes of a refused row, up to the next part of its message
    (re.compile(r"DETAIL:.*?(?=\n\n|\nCONTEXT:|\nHINT:|\Z)", re.DOTALL), "DETAIL: <left out>"),
    (re.compile(r"mg[si]_\w+"), "<token>"),
    (re.compile(r"(?i)(bearer|basic|sessionid=|csrftoken=|x-session-token:)\s*[^\s'\",;]+"), r"\1 <secret>"),
    (re.compile(r"[\w.!#$%&*+/=?^{|}~-]+@[\w-]+(\.[\w-]+)+"), "<e-mail>"),
]

# Django's own handlers are taken off, or every line of theirs would appear twice
LOGGERS: dict[str, Any] = {
    "django": {"handlers": [], "level": "INFO", "propagate": True},
    "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
    "procrastinate": {"level": "WARNING"},
    "psycopg.pool": {"level": "ERROR"},  # a line for each connection and attempt while the database is away
    "ofxtools": {"level": "WARNING"},
    "stripe": {"level": "WARNING"},  # it writes the address of each call, with customers' ids
}


class RedactingFormatter(logging.Formatter):
    """SECURITY: the last look at a line, its traceback included, before it leaves the process."""

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        for pattern, shown in REDACTIONS:
            line = pattern.sub(shown, line)
        return line
