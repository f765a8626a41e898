"""JSON in, by orjson, with a limit on its depth."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

MAX_DEPTH = 64


class OrjsonParser(BaseParser):
    """Parses a UTF-8 JSON body; a broken one, NaN, Infinity, lone surrogates and deep nesting are a 400 that says where."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        return parsed(stream.read())


def parsed(body: bytes) -> Any:
    """The value of a JSON text; raises ParseError for one that is broken or too deep."""
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ParseError(f"The body is not valid JSON: {error}.") from None
    if depth_exceeds(body, data, MAX_DEPTH):
        raise ParseError(f"The body is nested deeper than {MAX_DEPTH} levels.")
    return data


def depth_exceeds(body: bytes, data: object, limit: int) -> bool:
    """Whether `data`, parsed from `body`, nests deeper than `limit`; flat bodies are cleared by counting brackets."""
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
