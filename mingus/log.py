"""Log lines without what a stranger to the database may not read: they go to places with other locks."""

import logging
import re

HIDDEN = [
    # what PostgreSQL quotes of a refused row, up to the next part of its message
    (re.compile(r"DETAIL:.*?(?=\n\n|\nCONTEXT:|\nHINT:|\Z)", re.DOTALL), "DETAIL: <left out>"),
    (re.compile(r"mgs_\w+"), "<token>"),
    (re.compile(r"(?i)(bearer|basic|sessionid=|csrftoken=|x-session-token:)\s*[^\s'\",;]+"), r"\1 <secret>"),
    (re.compile(r"[\w.!#$%&*+/=?^{|}~-]+@[\w-]+(\.[\w-]+)+"), "<e-mail>"),
]


class DiscreetFormatter(logging.Formatter):
    """SECURITY: the last look at a line, its traceback included, before it leaves the process."""

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        for pattern, shown in HIDDEN:
            line = pattern.sub(shown, line)
        return line
