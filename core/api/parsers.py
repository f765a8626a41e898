"""The JSON parser of the API."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from core.errors import DomainError
from core.json_input import parsed


class OrjsonParser(BaseParser):
    """A parser of UTF-8 JSON that refuses NaN, Infinity, lone surrogates and deep nesting."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        try:
            return parsed(stream.read())
        except DomainError as error:
            raise ParseError(error.message) from None
