"""Names in rules: actions store the ids of categories, payees and tags, and searches name them so that a rename is followed."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from core.api.filters.lexer import Lexer
from finance.models import Category, Payee, Tag
from finance.models.categories import CategoryKind
from finance.rule_actions import ActionType
from finance.services.names import current_names, resolve_categories, resolve_payees, resolve_tags
from finance.transaction_fields import TRANSACTION_FIELDS

TAG_ACTIONS = (ActionType.ADD_TAG, ActionType.REMOVE_TAG)
Action = dict[str, Any]


def with_ids(owner: UUID, actions: list[Action]) -> list[Action]:
    """Return actions with ids in place of names. A name without a category, payee or tag creates it."""
    parts = [part for action in actions if action["type"] == ActionType.SPLIT for part in action["value"]]
    texts = {kind: {action["value"] for action in actions if action["type"] == kind} for kind in ActionType if kind != "split"}
    categories = _category_ids(owner, texts[ActionType.SET_CATEGORY] | {part["category"] for part in parts} - {""})
    payees = _ids(Payee, owner, resolve_payees(owner, texts[ActionType.SET_PAYEE]))
    named_tags = {tag for kind in TAG_ACTIONS for tag in texts[kind]} | {tag for part in parts for tag in part["tags"]}
    tags = _ids(Tag, owner, resolve_tags(owner, named_tags))
    ids = {ActionType.SET_CATEGORY: categories, ActionType.SET_PAYEE: payees, **dict.fromkeys(TAG_ACTIONS, tags)}
    return [
        {"type": action["type"], "value": [_part(part, categories, tags) for part in action["value"]]}
        if action["type"] == ActionType.SPLIT
        else {"type": action["type"], "value": ids.get(action["type"], {}).get(action["value"], action["value"])}
        for action in actions
    ]


def _part(part: Action, categories: dict[str, str], tags: dict[str, str]) -> Action:
    sizes = {name: None if part[name] is None else str(part[name]) for name in ("percent", "amount")}
    labels = list(dict.fromkeys(tags[tag] for tag in part["tags"]))
    return {**sizes, "category": categories.get(part["category"]), "note": part["note"], "tags": labels}


def _category_ids(owner: UUID, texts: Iterable[str]) -> dict[str, str]:
    slugs = resolve_categories(owner, dict.fromkeys(texts, CategoryKind.EXPENSE))
    found = dict(Category.objects.filter(user_id=owner, slug__in=slugs.values()).values_list("slug", "pk"))
    return {text: str(found[slug]) for text, slug in slugs.items()}


def _ids(model: Any, owner: UUID, names: dict[str, str]) -> dict[str, str]:
    found = dict(model.objects.filter(user_id=owner, name__in=names.values()).values_list("name", "pk"))
    return {text: str(found[name]) for text, name in names.items()}


def with_lasting_names(owner: UUID, search: str) -> str:
    """Return a search in which categories are named by their slugs, which never change, and tags as `tag:"name"`.

    The trigger `rename_in_rows` of tags renames them. Names of which there is no row remain as they are. Raise SearchError.
    """
    names = list(_names_in(search))
    slugs = current_names(owner, "category", {text for *_, field, text in names if field.startswith("category")})
    tags = current_names(owner, "tags", {text for *_, field, text in names if field.startswith("tag")})
    quoted = {text: '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"' for text, name in tags.items()}
    for start, end, field, text in reversed(names):
        name = (slugs if field.startswith("category") else quoted).get(text)
        if name:
            search = search[:start] + field + name + search[end:]
    return search


def _names_in(search: str) -> Iterator[tuple[int, int, str, str]]:
    """Yield where each condition on a category or tag begins and ends, its field with the operator, and the name."""
    lexer, field, start = Lexer(search, TRANSACTION_FIELDS.known), "", 0
    for token in lexer.tokens():
        if token.type == "FIELD":
            field, start = token.value.lower(), token.start_pos or 0
        elif token.type == "VALUE" and field.rstrip(":!=<>") in ("category", "tag"):
            yield start, lexer.at, field, token.value.text
