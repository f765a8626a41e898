"""A JSON renderer on orjson, the only renderer of the API."""

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson
from django.utils.functional import Promise
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

ORJSON_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


class OrjsonRenderer(BaseRenderer):
    """A renderer of UTF-8 JSON, with money as strings and instants in UTC with a Z."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: object, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return b"" if data is None else as_json(data)


def as_json(data: object, options: int = ORJSON_OPTIONS) -> bytes:
    """Return `data` as JSON. The module `json` writes integers of more than 64 bits, which orjson refuses."""
    try:
        return orjson.dumps(data, default=json_default, option=options)
    except orjson.JSONEncodeError:
        plain = lambda value: orjson.loads(orjson.dumps(value, json_default, options))  # noqa: E731 - one expression
        return json.dumps(data, default=plain, ensure_ascii=False, sort_keys=bool(options & orjson.OPT_SORT_KEYS)).encode()


def json_default(value: object) -> str | dict[Any, Any] | list[Any]:
    """Convert a value of a type that orjson does not support, or raise TypeError."""
    if isinstance(value, Decimal | Promise):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence | set):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


class AlwaysFirstRenderer(BaseContentNegotiation):
    """Content negotiation that ignores the Accept header, because there is one renderer."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """Return the parser for the body's media type; for None DRF returns a 415."""
        sent = request.content_type.partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == sent), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        first = next(iter(renderers))
        return first, first.media_type
