"""The description of a search for the OpenAPI document, made from the table of its fields."""

from core.api.filters.fields import HAS, IS, FieldTable
from core.api.filters.texts import MAX_DEPTH, MAX_TERMS

GRAMMAR = (
    'Rows that match every term. A word finds the whole word, `star*` words that begin with it, `"corner shop"` the phrase; '
    "case and accents are ignored. A `-` excludes a term; `or` and brackets combine them: `(coffee or tea) -tag:work`. "
    "A condition is a field, an operator and a value: `amount>50`, `date:2026-01..2026-03`. Operators: `:` `=` `!=`, for "
    "amounts and days also `>` `>=` `<` `<=` and the ranges `a..b`, `a..`, `..b`. Put a text with an operator in quotes. "
)


def description_of(table: FieldTable) -> str:
    """Return what a search may contain, in Markdown."""
    fields = [f"`{field.name}` ({field.about})" for field in table.fields if field.kind]
    flags = {name: ", ".join(f"`{flag}`" for flag in sorted(flags)) for name, flags in table.conditions.items()}
    sorts = ", ".join(f"`{name}`" for name in sorted(table.sortable))
    return (
        f"{GRAMMAR}Fields: {', '.join(fields)}. `{HAS}:` is followed by one of {flags[HAS]}, `{IS}:` by one of {flags[IS]}. "
        f"`sort:` sorts by one of {sorts}, with `-` descending, instead of `ordering`. "
        f"At most {MAX_TERMS} terms, with brackets {MAX_DEPTH} deep. A mistake is a 400 with its `column`. "
        "The guide is docs/search.md."
    )
