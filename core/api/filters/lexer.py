"""Tokens of the search grammar.

A sign has its meaning only at the beginning or at the end of a word: an apostrophe, a slash, a hyphen or a bracket inside a
word, and a sign on its own, are part of the text that is searched for.
"""

import re
from collections.abc import Collection, Iterator

from lark import Token

from core.api.filters.errors import SearchError, unknown_field
from core.api.filters.texts import MAX_DEPTH, MAX_LENGTH, MAX_TERMS, Text

FIELD = re.compile(r"([^\W\d_][\w-]{0,30})(:(?!//)|!=|>=|<=|=|>|<)")  # no field has a longer name
SPACED_COMPARISON = re.compile(r"([^\W\d_][\w-]{0,30})\s{0,9}(!=|>=|<=|=|>|<)\s{0,9}")
CLOSING_QUOTES = {'"': '"', "“": '”“"', "„": '”“"'}  # telephones write curly quotes
NO_VALUE = 'Expected a value directly after "{}". To search for the text itself, put it in quotes.'
NO_BRACKET = 'Expected a value after "{0}", not a bracket. Repeat the field instead: ({0}… or {0}…).'


class Lexer:
    """The tokens of one search: _OR, _MINUS, _LPAR, _RPAR, TEXT, and FIELD (such as `amount>`), which is followed by VALUE."""

    def __init__(self, text: str, known: Collection[str]) -> None:
        self.text, self.known = text, known
        self.at = self.terms = 0
        self.open: list[int] = []

    def tokens(self) -> Iterator[Token]:
        """Yield the tokens, or raise SearchError."""
        self._check_signs()
        while self._skip_spaces():
            yield from self._next()
        if self.open:
            raise self._error('Expected ")" for this bracket.', self.open[-1])

    def _check_signs(self) -> None:
        if len(self.text) > MAX_LENGTH:
            raise SearchError("search_too_long", f"A search has at most {MAX_LENGTH:,} characters.", MAX_LENGTH + 1)
        for at, sign in enumerate(self.text):
            if sign == "\0" or "\ud800" <= sign <= "\udfff":
                raise self._error("Null characters and halves of characters are not allowed. Remove this one.", at)

    def _skip_spaces(self) -> bool:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.at < len(self.text)

    def _next(self) -> Iterator[Token]:
        sign, following = self.text[self.at], self.text[self.at + 1 : self.at + 2]
        if sign == "(":
            yield self._bracket("_LPAR")
        elif sign == ")":
            if not self.open:
                raise self._error('This ")" closes no bracket. Remove it, or put it in quotes.', self.at)
            yield self._bracket("_RPAR")
        elif sign == "-" and following and not following.isspace() and following not in "-)":
            self.at += 1
            yield Token("_MINUS", "-", start_pos=self.at - 1)
        elif sign in CLOSING_QUOTES:
            yield self._text("TEXT")
        else:
            yield from self._word_or_condition()

    def _bracket(self, kind: str) -> Token:
        if kind == "_LPAR":
            self.open.append(self.at)
        else:
            self.open.pop()
        if len(self.open) > MAX_DEPTH:
            raise SearchError("search_too_deep", f"Brackets can be nested {MAX_DEPTH} deep.", self.at + 1)
        self.at += 1
        return Token(kind, self.text[self.at - 1], start_pos=self.at - 1)

    def _word_or_condition(self) -> Iterator[Token]:
        field = FIELD.match(self.text, self.at)
        spaced = SPACED_COMPARISON.match(self.text, self.at)
        if spaced and spaced[1].lower() in self.known:
            field = spaced
        if field is None:
            yield self._text("TEXT")
            return
        if field[1].lower() not in self.known:
            raise unknown_field(field[1], self.known, field.start() + 1)
        yield Token("FIELD", field[1] + field[2], start_pos=field.start())
        self.at = field.end()
        if self.at == len(self.text) or self.text[self.at].isspace() or self._closes(self.at, 0):
            raise self._error(NO_VALUE.format(field[1] + field[2]), self.at)
        if self.text[self.at] == "(":
            raise self._error(NO_BRACKET.format(field[1] + field[2]), self.at)
        yield self._text("VALUE")

    def _text(self, kind: str) -> Token:
        start = self.at
        found = self._phrase() if self.text[start] in CLOSING_QUOTES else self._word()
        if kind == "TEXT" and self.text[start : self.at].lower() == "or":
            return Token("_OR", found.text, start_pos=start)
        self.terms += 1
        if self.terms > MAX_TERMS:
            raise SearchError("too_many_terms", f"A search has at most {MAX_TERMS} terms.", start + 1)
        return Token(kind, found, start_pos=start)

    def _phrase(self) -> Text:
        start, closing, text = self.at, CLOSING_QUOTES[self.text[self.at]], ""
        self.at += 1
        while self.at < len(self.text) and self.text[self.at] not in closing:
            if self.text[self.at] == "\\" and self.text[self.at + 1 : self.at + 2] in {"\\", *closing}:
                self.at += 1
            text += self.text[self.at]
            self.at += 1
        if self.at == len(self.text):
            raise self._error("Expected a closing quote for this one.", start)
        self.at += 1
        is_prefix = self.text.startswith("*", self.at)
        self.at += is_prefix
        return Text(text, start + 1, is_quoted=True, is_prefix=is_prefix)

    def _word(self) -> Text:
        start, depth = self.at, 0
        while self.at < len(self.text) and not self.text[self.at].isspace() and not self._closes(self.at, depth):
            depth += {"(": 1, ")": -1 if depth else 0}.get(self.text[self.at], 0)
            self.at += 1
        text = self.text[start : self.at]
        return Text(text.rstrip("*"), start + 1, is_prefix=text.endswith("*"))

    def _closes(self, at: int, depth: int) -> bool:
        """Return whether the sign closes a bracket of the search, not one inside the word."""
        return bool(self.open) and depth == 0 and self.text[at] == ")"

    def _error(self, message: str, at: int) -> SearchError:
        return SearchError("invalid_search", message, at + 1)
