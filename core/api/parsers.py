"""A JSON parser on orjson, with a limit on the depth."""

import json
import re
from collections.abc import Mapping
from typing import IO, Any

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

MAX_DEPTH = 64
LARGE = re.compile(rb"[0-9]{19}")


class OrjsonParser(BaseParser):
    """A parser of UTF-8 JSON that refuses NaN, Infinity, lone surrogates and deep nesting."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        return parsed(stream.read())


def parsed(text: bytes, subject: str = "The body", max_depth: int = MAX_DEPTH) -> Any:
    """Parse JSON, or raise ParseError about `subject` if it is invalid or nested too deep.

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
            raise ParseError(f"{subject} is not valid JSON: {error}.") from None
    if is_deep:
        raise ParseError(f"{subject} is nested deeper than {max_depth} levels. Send a flatter value.")
    return data


def depth_exceeds(body: bytes, data: object, limit: int) -> bool:
    """Return True if `data`, parsed from `body`, is nested deeper than `limit`; most bodies need only a count of brackets."""
    if body.count(b"[") + body.count(b"{") <= limit:
        return False
    level: list[Any] = [[data]]
    for _ in range(limit + 1):
        values = (item for each in level for item in (each.values() if isinstance(each, dict) else each))
        level = [item for item in values if isinstance(item, dict | list)]
    return bool(level)
