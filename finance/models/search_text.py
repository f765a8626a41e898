"""The column with the folded words of a row, which searches read."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Func
from django.db.models.sql.compiler import SQLCompiler


class FoldedTexts(Func):
    """The folded texts of columns, of which the last is an array, as `core.folding.fold_all` returns them. NULL is no text."""

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *_: Any, **__: Any) -> tuple[str, tuple[()]]:
        *texts, names = (compiler.compile(each)[0] for each in self.get_source_expressions())
        return f"core_fold_all(ARRAY[{', '.join(texts)}]::text[] || {names}::text[])", ()


class SearchTextField(models.GeneratedField):
    """The folded words of several columns of text and of one array. It is read in queries only, and not loaded with a row."""

    db_returning: Any = False  # else the ORM would insert each row with RETURNING

    def __init__(self, *columns: str, **options: Any) -> None:
        self.columns = columns
        expression = FoldedTexts(*map(F, columns), output_field=models.TextField())
        super().__init__(expression=expression, output_field=models.TextField(), db_persist=True)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, _, _, _ = super().deconstruct()
        return name, "finance.models.search_text.SearchTextField", [*self.columns], {}
