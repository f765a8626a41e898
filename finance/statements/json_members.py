"""Streaming of one large JSON object in constant memory: its members, and the elements of one array among them."""

import io
import re
from collections.abc import Iterator

from core.errors import DomainError
from core.json_input import parsed
from finance.statements.rows import StatementError

_CHUNK = 1 << 16
# SECURITY: the part of a file that is in memory at a time.
MAX_LENGTH = 1 << 18
_STOP = re.compile(r'["\[\]{},]')
_IN_STRING = re.compile(r'["\\]')
_FILLED = re.compile(r"[^ \t\r\n]")


def members(text: io.TextIOBase, array: str) -> Iterator[tuple[str, object]]:
    """Yield the name and the value of each member of the object in `text`; each element of the member `array` on its own.

    Raise StatementError where the text is not valid JSON, and for a value of 262,144 characters or more.
    """
    scanner = _Scanner(text)
    scanner.take("{")
    while scanner.next_character() != "}":
        name = str(scanner.value())
        scanner.take(":")
        if name == array and scanner.next_character() == "[":
            scanner.take("[")
            while scanner.next_character() != "]":
                yield name, scanner.value()
                scanner.take_comma_before("]")
            scanner.take("]")
        else:
            yield name, scanner.value()
        scanner.take_comma_before("}")


class _Scanner:
    """A text of which only the part from the current position is in memory."""

    def __init__(self, text: io.TextIOBase) -> None:
        self._text = text
        self._part = ""
        self._place = 0

    def _read_more(self) -> None:
        """Read a further chunk; raise StatementError at the end of the text and if the present value is too long."""
        self._part = self._part[self._place :]
        self._place = 0
        more = self._text.read(_CHUNK)
        if not more:
            raise _broken("The file ends too early")
        if len(self._part) > MAX_LENGTH:
            raise StatementError("too_large", f"A value of the JSON file has more than {MAX_LENGTH:,} characters.")
        self._part += more

    def next_character(self) -> str:
        """Return the next character after white space."""
        while (found := _FILLED.search(self._part, self._place)) is None:
            self._place = len(self._part)
            self._read_more()
        self._place = found.start()
        return found.group()

    def take(self, character: str) -> None:
        """Go behind the next character; raise StatementError if it is another one."""
        found = self.next_character()
        if found != character:
            raise _broken(f"“{character}” is missing before “{found}”")
        self._place += 1

    def take_comma_before(self, end: str) -> None:
        if self.next_character() != end:
            self.take(",")

    def value(self) -> object:
        """Return the next value, and go behind it."""
        self.next_character()
        length = self._length_of_value()
        raw = self._part[self._place : self._place + length]
        self._place += length
        try:
            return parsed(raw.encode(), "A value of the file")
        except (DomainError, UnicodeEncodeError) as error:
            raise StatementError("malformed", f"{error} Export the account again.") from None

    def _length_of_value(self) -> int:
        """Return the length of the value at the current position, which `_read_more` may move."""
        depth, length = 0, 0
        while True:
            found = _STOP.search(self._part, self._place + length)
            if found is None:
                length = len(self._part) - self._place
                self._read_more()
                continue
            length = found.start() - self._place
            mark = found.group()
            if mark == '"':
                end = _end_of_string(self._part, found.end())
                if end is None:
                    self._read_more()
                    continue
                length = end - self._place
            elif mark in "]},":
                if depth == 0:
                    return length
                length += 1
                depth -= mark != ","
            else:
                length += 1
                depth += 1
            if depth == 0 and mark != ",":
                return length


def _end_of_string(part: str, place: int) -> int | None:
    """Return the place behind the quotation mark that ends the string at `place`; None if it is not in `part`."""
    while (found := _IN_STRING.search(part, place)) is not None:
        if found.group() == '"':
            return found.end()
        place = found.end() + 1  # the character after a backslash
    return None


def _broken(problem: str) -> StatementError:
    return StatementError("malformed", f"This is not valid JSON: {problem}. Export the account again.")
