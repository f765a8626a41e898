"""The descriptions of searches and filters for the OpenAPI document, made from their declarations."""

import re
from typing import Any

from django.db.models import Model
from django_filters.filters import CharFilter, ChoiceFilter, DateFilter, Filter, IsoDateTimeFilter
from django_filters.filterset import FilterSet
from drf_spectacular.contrib.django_filters import DjangoFilterExtension
from drf_spectacular.plumbing import build_choice_description_list

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


SENTENCE_END = re.compile(r"(?<=\.) (?=[A-Z`0-9])")
DEFAULT = re.compile(r"(The )?[Dd]efault")
# Each has the words for numbers; then those for days and for times
ORDER = {
    "gt": ("above this", "after this day", "after this time"),
    "gte": ("at least this", "this day or later", "this time or later"),
    "lt": ("below this", "before this day", "before this time"),
    "lte": ("at most this", "this day or earlier", "this time or earlier"),
}
COMPARISONS = {
    "in": "Only {rows} whose `{name}` is one of these, separated by commas.",
    "icontains": "Only {rows} whose `{name}` contains this text, in any case.",
    "contains": "Only {rows} whose `{name}` contains everything in this JSON.",
    "isnull": "True: only {rows} without a value of `{name}`. False: only those with one.",
}
JSON_TEXT = {"type": "string", "contentMediaType": "application/json"}
IN_UTC = " A time without an offset is in UTC."


class FilterDescriptions(DjangoFilterExtension):
    """The parameters of a list's filters: each described by its label, or by its lookup and the help text of its field."""

    target_class = "core.api.filters.backends.StrictFilterBackend"
    priority = 1

    def resolve_filter_field(
        self,
        auto_schema: Any,
        model: type[Model],
        filterset_class: type[FilterSet],
        field_name: str,
        filter_field: Any,
    ) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = super().resolve_filter_field(
            auto_schema, model, filterset_class, field_name, filter_field
        )
        for parameter in found:
            parameter["schema"] = parameter["schema"] or JSON_TEXT
        if filter_field.label is None:
            name = field_name.removesuffix(f"__{filter_field.lookup_expr}")
            comparison = _comparison(filter_field).format(rows=model._meta.verbose_name_plural, name=name)
            choices = build_choice_description_list(filter_field.extra.get("choices", ()))
            for parameter in found:
                sentences = " ".join(filter(None, [comparison, _meaning(auto_schema.view, model, name)]))
                parameter["description"] = "\n\n".join(filter(None, [sentences, choices]))
        return found


def _comparison(found: Filter) -> str:
    if found.lookup_expr in COMPARISONS:
        return COMPARISONS[found.lookup_expr]
    is_day, is_time = isinstance(found, DateFilter), isinstance(found, IsoDateTimeFilter)
    if found.lookup_expr in ORDER:
        number, day, time = ORDER[found.lookup_expr]
        words = day if is_day else time if is_time else number
    else:
        is_text = isinstance(found, CharFilter) and not isinstance(found, ChoiceFilter)
        words = "exactly this, in the same case" if is_text else "this day" if is_day else "this"
    return f"Only {{rows}} whose `{{name}}` is {words}.{IN_UTC if is_time else ''}"


def _meaning(view: Any, model: type[Model], name: str) -> str:
    """Return the help text of a column, a derived value or another field of the response, without what writes need."""
    column = getattr(model, name, None)
    serializer = view.get_serializer_class()
    for declared in (getattr(column, "field", column), serializer().fields.get(name)):
        text = str(getattr(declared, "help_text", None) or "")
        if text:
            return " ".join(sentence for sentence in SENTENCE_END.split(text) if not DEFAULT.match(sentence))
    return ""
