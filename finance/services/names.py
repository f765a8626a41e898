"""Categories, tags and payees for the texts that users, files and rules give: existing rows, else new ones."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from django.utils.text import slugify

from core.errors import ConflictError
from core.fast_lists.compiled_queries import read_in_transaction
from core.fast_lists.lookups import Lookup
from core.fast_lists.query_session import Rows, from_sql
from core.models.base import OwnedQuerySet
from finance.models import Category, Payee, Tag
from finance.models.categories import MAX_CATEGORY_LENGTH, CategoryKind

MAX_ATTEMPTS = 5
FALLBACK_SLUG = "category"  # of a name without letters and digits

# A slug that is given as it is comes first, so that a client can send back what it has read.
# A row that was merged leads to the one that it was merged into. The number of texts is hidden from the planner by a subquery,
# else it would plan each call, because it expects more than one text when it does not know the values.
FIND_CATEGORIES = from_sql(
    """
SELECT given.text, coalesce(target.slug, found.slug)
  FROM unnest((SELECT %s::text[])) AS given (text),
       LATERAL (SELECT coalesce(nullif(core_fold(given.text), ''), lower(given.text)) AS folded OFFSET 0) AS fold,
       LATERAL (SELECT slug, merged_into_id FROM finance_category AS category
                 WHERE category.user_id = %s
                   AND (slug = given.text OR category.folded = fold.folded OR slug = replace(fold.folded, ' ', '-'))
                 ORDER BY slug = given.text DESC, category.folded = fold.folded DESC LIMIT 1) AS found
  LEFT JOIN finance_category AS target ON target.user_id = %s AND target.id = found.merged_into_id
""",
    ("texts", "user", "user"),
)
FIND_NAMES = """
SELECT given.text, coalesce(target.name, named.name)
  FROM (SELECT text, coalesce(nullif(core_fold(text), ''), lower(text)) AS folded
          FROM unnest((SELECT %s::text[])) AS given (text)) AS given
  JOIN {table} AS named ON named.user_id = %s AND named.folded = given.folded
  LEFT JOIN {table} AS target ON target.user_id = %s AND target.id = named.merged_into_id
"""
FIND = {
    "category": FIND_CATEGORIES,
    "payee": from_sql(FIND_NAMES.format(table="finance_payee"), ("texts", "user", "user")),
    "tags": from_sql(FIND_NAMES.format(table="finance_tag"), ("texts", "user", "user")),
}
Text = tuple[str, str]
"""A text with the column that it stands for a name in."""


class Resolved(dict[str, str]):
    """The slug or name for each text, and the rows that were `created` for texts without one."""

    def __init__(self, names: Mapping[str, str], created: list[Any]) -> None:
        super().__init__(names)
        self.created = created


def resolve_categories(user_id: UUID, kinds: Mapping[str, str], known: Mapping[Text, str] = {}) -> Resolved:
    """Return the slugs of the categories with the texts in `kinds` as slug or name; a new category has the kind of its text."""
    by_name = {_clean(text): kind for text, kind in kinds.items()}
    return _resolve(user_id, "category", kinds, known, lambda names: _create_categories(user_id, names, by_name))


def resolve_tags(user_id: UUID, texts: Iterable[str], known: Mapping[Text, str] = {}) -> Resolved:
    return _resolve(user_id, "tags", texts, known, lambda names: _create(Tag.objects.all(), user_id, names))


def resolve_payees(user_id: UUID, texts: Iterable[str], known: Mapping[Text, str] = {}) -> Resolved:
    return _resolve(user_id, "payee", texts, known, lambda names: _create(Payee.objects.all(), user_id, names))


def lookup(user_id: UUID, column: str, texts: Iterable[str], seen: dict[Text, Any]) -> Lookup:
    """Return the look-up that adds to `seen` the names of the texts for which there are rows."""
    clean = {text: _clean(text) for text in texts}

    def take(rows: Rows) -> None:
        found = dict(cast("list[tuple[str, str]]", rows))
        seen.update({(column, text): found[name] for text, name in clean.items() if name in found})

    return Lookup(FIND[column], {"user": user_id, "texts": sorted({*clean.values()})}, take)


def current_names(user_id: UUID, column: str, texts: Iterable[str]) -> dict[str, str]:
    """Return the present name of each category, payee or tag that an older row names, without those that were deleted.

    What was merged since is replaced by what it was merged into.
    """
    wanted = sorted(texts)
    return _found(user_id, column, wanted) if wanted else {}


def kind_of_category(transaction_type: str) -> CategoryKind:
    """Return the kind of a new category for a transaction of this type."""
    kinds = {"income": CategoryKind.INCOME, "transfer": CategoryKind.TRANSFER}
    return kinds.get(transaction_type, CategoryKind.EXPENSE)


def new_slug(name: str, taken: Iterable[str]) -> str:
    """Return a slug for a category called `name`, with a number at its end if it is `taken`."""
    # with the letters of other scripts; NFKD as in `core_fold` would take Korean syllables apart
    plain = slugify(name) or slugify(name, allow_unicode=True) or FALLBACK_SLUG
    base, used = plain[: MAX_CATEGORY_LENGTH - 6], set(taken)
    candidates = (base, *(f"{base}-{number}" for number in range(2, len(used) + 3)))
    return next(slug for slug in candidates if slug not in used)


def _resolve(
    user_id: UUID, column: str, texts: Iterable[str], known: Mapping[Text, str], create: Callable[[list[str]], list[Any]]
) -> Resolved:
    clean = {text: _clean(text) for text in texts}
    found = {"": ""} | {name: known[column, text] for text, name in clean.items() if (column, text) in known}
    wanted, created = set(clean.values()), list[Any]()
    for _ in range(MAX_ATTEMPTS):
        missing = sorted(wanted - found.keys())
        if missing:
            found |= _found(user_id, column, missing)
        missing = [text for text in missing if text not in found]
        if not missing:
            break
        created += create(missing)  # the next round finds them, or those that another request has created meanwhile
    else:
        raise ConflictError("name_in_use", "This name was changed by another request at the same time. Send the request again.")
    used = set(found.values())
    return Resolved(
        {text: found[name] for text, name in clean.items()},
        [row for row in created if getattr(row, "slug", row.name) in used],
    )


def _clean(text: str) -> str:
    return " ".join(text.split())


def _found(user_id: UUID, column: str, texts: list[str]) -> dict[str, str]:
    rows = read_in_transaction(connections[DEFAULT_DB_ALIAS], FIND[column], {"user": user_id, "texts": texts})
    return dict(cast("list[tuple[str, str]]", rows))


def _create(rows: OwnedQuerySet, user_id: UUID, names: list[str]) -> list[Any]:
    return rows.bulk_create([rows.model(user_id=user_id, name=name) for name in names], ignore_conflicts=True)


def _create_categories(user_id: UUID, names: list[str], kinds: Mapping[str, str]) -> list[Category]:
    taken = set(Category.objects.filter(user_id=user_id).values_list("slug", flat=True))
    new = []
    for name in names:
        new.append(Category(user_id=user_id, name=name, slug=new_slug(name, taken), kind=kinds[name]))
        taken.add(new[-1].slug)
    return Category.objects.bulk_create(new, ignore_conflicts=True)
