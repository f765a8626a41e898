"""Redaction of personal data and credentials in log lines, which may be less protected than the database."""

import logging
import re
from typing import Any

REDACTIONS = [
    # the values of a refused row in PostgreSQL's message, up to the next part of the message
    (re.compile(r"DETAIL:.*?(?=\n\n|\nCONTEXT:|\nHINT:|\Z)", re.DOTALL), "DETAIL: <left out>"),
    (re.compile(r"mg[si]_\w+"), "<token>"),
    (re.compile(r"(?i)(bearer|basic|sessionid=|csrftoken=|x-session-token:)\s*[^\s'\",;]+"), r"\1 <secret>"),
    (re.compile(r"[\w.!#$%&*+/=?^{|}~-]+@[\w-]+(\.[\w-]+)+"), "<email>"),
]

# without Django's default handlers, with which each of its lines would appear twice
LOGGERS: dict[str, Any] = {
    "django": {"handlers": [], "level": "INFO", "propagate": True},
    "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
    "procrastinate": {"level": "WARNING"},
    "psycopg.pool": {"level": "ERROR"},  # a line for each connection and attempt while the database is unavailable
    "ofxtools": {"level": "WARNING"},
    "stripe": {"level": "WARNING"},  # it logs the URL of each call, which contains customers' ids
}


class RedactingFormatter(logging.Formatter):
    """A formatter that redacts each line, tracebacks included. SECURITY: no line leaves the process without it."""

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        for pattern, shown in REDACTIONS:
            line = pattern.sub(shown, line)
        return line
