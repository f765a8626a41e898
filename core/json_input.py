"""Parsing of JSON that users send, with a limit on the depth."""

import json
import re
from typing import Any

import orjson

from core.errors import DomainError

MAX_DEPTH = 64
LARGE = re.compile(rb"[0-9]{19}")


def parsed(text: bytes, subject: str = "The body", max_depth: int = MAX_DEPTH) -> Any:
    """Parse JSON, or raise DomainError about `subject` if it is invalid or nested too deep.

    SECURITY: all JSON of users is parsed or checked here, because functions that walk a deeply nested value fail.
    """
    try:
        data = orjson.loads(text)
        is_deep = depth_exceeds(text, data, max_depth)
        if not is_deep and LARGE.search(text):
            data = json.loads(text)  # orjson would round integers of more than 64 bits
    except orjson.JSONDecodeError as error:
        is_deep = "depth limit" in str(error)  # of orjson, 1,024 levels
        if not is_deep:
            raise DomainError("malformed", f"{subject} is not valid JSON: {error}.") from None
    if is_deep:
        raise DomainError("malformed", f"{subject} is nested deeper than {max_depth} levels. Send a flatter value.")
    return data


def depth_exceeds(body: bytes, data: object, limit: int) -> bool:
    """Return True if `data`, parsed from `body`, is nested deeper than `limit`; most bodies need only a count of brackets."""
    if body.count(b"[") + body.count(b"{") <= limit:
        return False
    level: list[Any] = [[data]]
    for _ in range(limit + 1):
        level = [x for each in level for x in (each.values() if isinstance(each, dict) else each) if isinstance(x, dict | list)]
    return bool(level)
