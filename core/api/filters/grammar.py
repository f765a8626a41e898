"""The grammar of searches: terms that must all match, `or`, `-` and brackets. `or` binds weaker than juxtaposition."""

from collections.abc import Collection, Iterator
from functools import cache
from typing import Any

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedToken
from lark.lexer import Lexer as LarkLexer

from core.api.filters.errors import SearchError
from core.api.filters.lexer import Lexer

GRAMMAR = """
start: any_of
any_of: all_of (_OR all_of)*
all_of: term+
?term: negation | atom
negation: _MINUS atom
?atom: TEXT | condition | group
condition: FIELD VALUE
group: _LPAR any_of _RPAR
%declare _OR _MINUS _LPAR _RPAR TEXT FIELD VALUE
"""
TERM = "a word, a phrase in quotes, a condition such as amount>50, or an opening bracket"


class TokenSource(LarkLexer):
    """The tokens of `core.api.filters.lexer`, which are given to the parser instead of a text."""

    def __init__(self, lexer_conf: object) -> None:
        """Do nothing; lark calls it with the terminals of the grammar."""

    def lex(self, tokens: Any) -> Iterator[Token]:  # type: ignore[override]  # lark passes what `parse` was called with
        yield from tokens


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", lexer=TokenSource)


def parse(text: str, known: Collection[str]) -> Tree[Token]:
    """Return the syntax tree of a search with the fields `known`, or raise SearchError."""
    try:
        return _parser().parse(Lexer(text, known).tokens())
    except UnexpectedToken as error:
        raise _error(error.token, text) from None


def _error(token: Token, text: str) -> SearchError:
    """Return the error of a token where a term must be; a term itself is never unexpected."""
    found = {"$END": "the end", "_OR": '"or"', "_RPAR": '")"', "_MINUS": '"-"'}[token.type]
    at = len(text) if token.type == "$END" else token.start_pos or 0
    hint = ' To search for the word "or", put it in quotes.' if token.type == "_OR" else ""
    return SearchError("invalid_search", f"Expected {TERM}, but found {found}.{hint}", at + 1)
