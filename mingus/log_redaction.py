"""Redaction of personal data and credentials in log lines, which may be less protected than the database.

SECURITY: a client chooses much of a line, so each pattern takes linear time, and a long line is cut before it is redacted.
`tests/contract/test_regular_expressions.py` measures each pattern on long input.
"""

import json
import logging
import os
import re
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import quote

from django.conf import ENVIRONMENT_VARIABLE

# Limits on a line in characters. A traceback also keeps its end, from the beginning of a frame.
HEAD, TAIL = 24_576, 8_192
MAX_LENGTH = HEAD + TAIL
FRAME = '\n  File "'
MAX_SECRET = 512  # longer than any credential or email address that is recognized by its end
MIN_SECRET = 8  # shorter settings are words, which occur in lines for other reasons

SECRET_SETTING = re.compile(r"_(?:KEYS?|KEY_FALLBACKS|TOKEN|SECRETS?|PASSWORD)\Z")

# The separator after a name, as in `a=`, `a: `, `"a": `, `\"a\": `, and `(b'a', b'` of pairs
SEPARATOR = r"""(?:[\\"']{0,4}\s{0,4}(?:=>|[:=])\s{0,4}|\\{0,3}["'],\s{0,4}(?=b?\\{0,3}["']))b?"""
# A list, or a text up to the quote that began it, which may have backslashes of its own
LIST_OR_QUOTED = r"""\[[^\]]*|(?P<quote>\\{0,3}["'])(?:(?!(?P=quote))(?:\\.|[^\\\n]))*"""
# the values of headers that contain spaces and commas, up to the end of the line
HEADERS = r"authorization|cookie|stripe[-_]signature"
NAMES = (
    r"passw(?:or)?d\d?|secrets?|token|sessionid|(?:secret|encryption|api|reset|verification|session)[-_]?keys?|secret_key_fallbacks"
    r"""|(?<=["'])key|(?<=[?&])(?:key|code)"""
)
LOCAL_PART = r"[\w.!#$%&*+/=?^{|}~-]"
MARKERS = ("<secret>", "<token>", "<email>", "<left out>")
DOMAIN = r"(?:@|%40)[\w-]+(?:\.[\w-]+)+"

REDACTIONS = [
    # the values of a refused row in PostgreSQL's message, up to the next part of a traceback; they may contain blank lines
    (re.compile(r"DETAIL:.*?(?=\n\n(?:The above|During handling)|\nCONTEXT:|\Z)", re.DOTALL), "DETAIL: <left out>"),
    (re.compile(r"mg[si]_[\w-]+"), "<token>"),
    (re.compile(r"(?:[rsp]k_(?:live|test)_|whsec_|_secret_)[\w+/=-]+|(?<![0-9A-Za-z])v[01]=[0-9a-f]{8,}"), "<secret>"),
    # the password of a URL
    (re.compile(r"(://[^\s/:@?#\"']*:)[^\s/?#]*@"), r"\1<secret>@"),
    (re.compile(r"(reset/key/|verify-email/|email/undo/)[^\s/?#\"'\\]+"), r"\1<secret>"),
    (re.compile(rf"(?i)({HEADERS})({SEPARATOR})(?:{LIST_OR_QUOTED}|[^\r\n]*)"), r"\1\2<secret>"),
    (re.compile(rf"(?i)({NAMES})({SEPARATOR})(?:{LIST_OR_QUOTED}|[^\s,;&]+)"), r"\1\2<secret>"),
    (re.compile(r"(?i)(?<![0-9a-z])(bearer|basic)\s+[^\s'\",;]+"), r"\1 <secret>"),
    # The lookbehind starts a match at the beginning of a run of characters only: from each of them, it would be quadratic
    (re.compile(rf'(?:(?:(?<!{LOCAL_PART})|(?<=%40))(?:(?!%40){LOCAL_PART})++|"[^"\n]{{1,64}}"){DOMAIN}'), "<email>"),
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


def logging_settings(level: str) -> dict[str, Any]:
    """Return Django's setting LOGGING: one handler, which redacts each line and adds the request's id."""
    line = {"()": RedactingFormatter, "format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"context": {"()": "core.context.ContextFilter"}},
        "formatters": {"line": line},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["context"]}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": LOGGERS,
    }


class RedactingFormatter(logging.Formatter):
    """A formatter that redacts each line, tracebacks included. SECURITY: no line leaves the process without it."""

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        if len(line) <= MAX_LENGTH:
            return redacted(line)
        beginning = without_cut_word(redacted(line[:HEAD]))
        _, frame, rest = line[-TAIL:].partition(FRAME)
        left_out = len(line) - HEAD - len(frame) - len(rest)
        return f"{beginning} <{left_out:,} characters left out>{redacted(frame + rest)}"


def redacted(text: str) -> str:
    if secrets := configured_secrets():
        text = secrets.sub("<secret>", text)
    for pattern, shown in REDACTIONS:
        text = pattern.sub(shown, text)
    return text


def without_cut_word(text: str) -> str:
    """Return a redacted text without its end, which may be part of a secret whose other part was cut off.

    SECURITY: an email address, for example, is recognized by the domain at its end.
    """
    redacted_until = max(text.rfind(marker) + len(marker) for marker in MARKERS)
    return text[: max(len(text) - MAX_SECRET, redacted_until)]


@cache
def configured_secrets() -> re.Pattern[str] | None:
    """Return a pattern of the keys and passwords in the settings, as plain texts, in JSON, in a `repr` and in a URL."""
    forms = {
        form
        for secret in _secrets_in_settings()
        if len(secret) >= MIN_SECRET
        for form in (
            secret,
            repr(secret)[1:-1],
            json.dumps(secret)[1:-1],
            json.dumps(secret, ensure_ascii=False)[1:-1],
            quote(secret, ""),
        )
    }
    return re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True)))) if forms else None


def _secrets_in_settings() -> Iterator[str]:
    # the module, because the attributes of `django.conf.settings` raise for a missing SECRET_KEY
    module = vars(sys.modules[os.environ[ENVIRONMENT_VARIABLE]])
    for name, value in module.items():
        if SECRET_SETTING.search(name):
            yield from [value] if isinstance(value, str) else value
    for login in [*module["DATABASES"].values(), module.get("DATABASE_OWNER") or {}]:
        yield login.get("PASSWORD") or ""
