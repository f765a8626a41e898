"""A JSON parser on orjson, with a limit on the depth."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

MAX_DEPTH = 64


class OrjsonParser(BaseParser):
    """A parser of UTF-8 JSON that refuses NaN, Infinity, lone surrogates and deep nesting."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        return parsed(stream.read())


def parsed(body: bytes) -> Any:
    """Parse JSON, or raise ParseError if it is invalid or nested too deep."""
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ParseError(f"The body is not valid JSON: {error}.") from None
    if depth_exceeds(body, data, MAX_DEPTH):
        raise ParseError(f"The body is nested deeper than {MAX_DEPTH} levels.")
    return data


def depth_exceeds(body: bytes, data: object, limit: int) -> bool:
    """Return True if `data`, parsed from `body`, is nested deeper than `limit`; most bodies need only a count of brackets."""
    if body.count(b"[") + body.count(b"{") <= limit:
        return False
    level, depth = [data], 0
    while level and depth <= limit:
        level = [item for value in level for item in _children(value)]
        depth += 1
    return bool(level)


def _children(value: object) -> list[Any]:
    if isinstance(value, dict):
        return [item for item in value.values() if isinstance(item, dict | list)]
    return [item for item in value if isinstance(item, dict | list)] if isinstance(value, list) else []
