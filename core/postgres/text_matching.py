"""Conditions on folded text (`core.folding`) that Django's lookups can't express."""

import unicodedata
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Func, Q, TextField, Value
from django.db.models.expressions import Combinable, Expression
from django.db.models.sql.compiler import SQLCompiler

# The beginnings of Unicode's names of letters. A Tibetan text has a sign after each syllable, which becomes a space.
UNSPACED = (
    *("CJK ", "IDEOGRAPHIC ", "HIRAGANA ", "KATAKANA", "HENTAIGANA ", "BOPOMOFO ", "YI ", "TANGUT ", "NUSHU ", "KHITAN "),
    *("THAI ", "LAO ", "KHMER ", "MYANMAR ", "TAI ", "NEW TAI ", "AHOM ", "JAVANESE ", "BALINESE ", "SUNDANESE ", "CHAM "),
)
Sql = tuple[str, tuple[Any, ...]]


class Like(Func):
    """`text LIKE pattern`, where the pattern is folded text and therefore contains no other wildcards than its own.

    Under row-level security the planner may not use the statistics of a column for LIKE and expects very few rows, so that it
    reads and sorts all rows for one page. Inside of COALESCE it expects half of them.
    """

    template = "coalesce(%(expressions)s, false)"
    arg_joiner = " LIKE "

    def __init__(self, text: str | Combinable, pattern: str) -> None:
        super().__init__(text, Value(pattern, output_field=TextField()), output_field=BooleanField())


class IsNotTrue(Expression):
    """The negation of a condition; true where the condition is NULL, unlike NOT."""

    def __init__(self, condition: Q) -> None:
        super().__init__(output_field=BooleanField())
        self.condition: Any = condition

    def get_source_expressions(self) -> list[Any]:
        return [self.condition]

    def set_source_expressions(self, exprs: Any) -> None:
        (self.condition,) = exprs

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Sql:
        sql, parameters = compiler.compile(self.condition)
        return f"({sql}) IS NOT TRUE", tuple(parameters)


def folded(text: str) -> Func:
    """Return the folded text of a column."""
    return Func(F(text), function="core_fold", output_field=TextField())


def word_pattern(folded: str, *, is_prefix: bool) -> str:
    """Return the LIKE pattern of whole words in a folded line, or of the beginnings of words.

    Words of scripts without spaces match anywhere. Folded text contains none of LIKE's wildcards.
    """
    names = (unicodedata.name(sign, "") for sign in (folded[0], folded[-1]))
    start, end = ("" if name.startswith(UNSPACED) else " " for name in names)
    return f"%{start}{folded}{'' if is_prefix else end}%"
