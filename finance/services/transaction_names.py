"""Categories, payees and tags of transactions that users write: names in place of texts, and the sources of the values."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from core.fast_lists.lookups import Lookup
from finance.models import Category, FinancialTransaction
from finance.models.categories import MAX_CATEGORY_LENGTH
from finance.models.divided import Part
from finance.models.payees import MAX_PAYEE_LENGTH
from finance.models.tags import MAX_TAG_LENGTH
from finance.models.transactions import MACHINE_FIELDS
from finance.payee_names import payee_name
from finance.services.names import Text, kind_of_category, lookup, resolve_categories, resolve_payees, resolve_tags
from finance.sources import TRANSFER, SourceKind, is_chosen_by_user, source, with_source

LENGTHS = {"category": MAX_CATEGORY_LENGTH, "payee": MAX_PAYEE_LENGTH, "merchant_name": 255}
BY_USER = source(SourceKind.USER)


def name_lookups(owner: UUID, sent: Mapping[str, Any], seen: dict[Text, Any]) -> Iterator[Lookup]:
    """Yield the look-ups of the names in the values of one transaction, which may be invalid, for `seen`."""
    texts = _texts_in(sent)
    payee = texts.get("payee") or payee_name(texts.get("merchant_name", ""))
    for column, given in (("category", [texts.get("category")]), ("payee", [payee]), ("tags", _tags_in(sent))):
        names = [text for text in given if text]
        if names:
            yield lookup(owner, column, names, seen)


def name_rows(rows: list[FinancialTransaction], seen: Mapping[Text, Any] = {}) -> list[Category]:
    """Replace the texts in `category`, `payee` and `tags` of one owner's new rows by names, and set their `sources`.

    Return the categories that were created. A row without a payee gets that of its `merchant_name`.
    """
    owner = rows[0].user_id
    for row in rows:
        row.sources = with_source(row.sources, [name for name in MACHINE_FIELDS if getattr(row, name)], BY_USER)
        row.payee = row.payee or payee_name(row.merchant_name)
    parts = [(row, part) for row in rows for part in row.splits]
    kinds = {row.category: kind_of_category(row.transaction_type) for row in rows}
    categories = resolve_categories(
        owner, kinds | {part["category"]: kind_of_category(row.transaction_type) for row, part in parts}, seen
    )
    payees = resolve_payees(owner, {row.payee for row in rows}, seen)
    labels = {tag for row in rows for tag in row.tags} | {tag for _, part in parts for tag in part["tags"]}
    tags = resolve_tags(owner, labels, seen)
    for row in rows:
        row.category, row.payee = categories[row.category], payees[row.payee]
        row.tags = list(dict.fromkeys(tags[tag] for tag in row.tags))
    for _, part in parts:
        part["category"], part["tags"] = categories[part["category"]], list(dict.fromkeys(tags[tag] for tag in part["tags"]))
    created: list[Category] = categories.created
    return created


class NamedChanges:
    """The changes of rows whose owner sends values, with names in place of texts. `seen` remembers names between rows."""

    def __init__(self, owner: UUID, seen: dict[Text, Any] | None = None) -> None:
        self.owner, self.seen = owner, {} if seen is None else seen
        self.created: list[Category] = []

    def of(self, row: FinancialTransaction, sent: Mapping[str, Any], *, is_partial: bool) -> dict[str, Any]:
        """Return the names and the new `sources` of a row for the values that its owner sends.

        A value that is sent is the owner's choice; in a PUT, which sends all fields, only one that differs. The payee follows
        `merchant_name` unless the owner has chosen it.
        """
        changes: dict[str, Any] = {}
        if "category" in sent:
            kind = kind_of_category(sent.get("transaction_type", row.transaction_type))
            changes["category"] = self._category(sent["category"], kind)
        if "payee" in sent:
            changes["payee"] = self._payee(sent["payee"])
        elif "merchant_name" in sent and not is_chosen_by_user(row.sources, "payee"):
            changes["payee"] = self._payee(payee_name(sent["merchant_name"]))
        if "tags" in sent:
            changes["tags"] = self._tags(sent["tags"])
        if "splits" in sent:
            kind = kind_of_category(sent.get("transaction_type", row.transaction_type))
            changes["splits"] = [self._part(part, kind) for part in sent["splits"]]
        after = {**sent, **changes}
        chosen = [name for name in MACHINE_FIELDS if name in sent and (is_partial or after[name] != getattr(row, name))]
        if "transaction_type" in sent and (is_partial or after["transaction_type"] != row.transaction_type):
            chosen += [] if "former" in row.sources.get(TRANSFER, {}) else [TRANSFER]  # a linked transfer keeps its entry
        return {**changes, "sources": with_source(row.sources, chosen, BY_USER)} if chosen else changes

    def look_up(self, changes: Iterable[tuple[FinancialTransaction, Mapping[str, Any]]]) -> None:
        """Look up the texts of many rows at once. Values that can't be names are left to the validation."""
        kinds, payees, tags = dict[str, str](), set[str](), set[str]()
        for row, sent in changes:
            texts = _texts_in(sent)
            if "category" in texts:
                kinds[texts["category"]] = kind_of_category(row.transaction_type)
            payees.add(texts.get("payee") or payee_name(texts.get("merchant_name", "")))
            tags |= _tags_in(sent)
        found = {
            "category": resolve_categories(self.owner, kinds),
            "payee": resolve_payees(self.owner, payees),
            "tags": resolve_tags(self.owner, tags),
        }
        self.seen |= {(kind, text): name for kind, names in found.items() for text, name in names.items()}

    def _category(self, text: str, kind: str) -> str:
        if ("category", text) not in self.seen:
            found = resolve_categories(self.owner, {text: kind})
            self.seen["category", text] = found[text]
            self.created += found.created
        slug: str = self.seen["category", text]
        return slug

    def _part(self, part: Part, kind: str) -> Part:
        return {**part, "category": self._category(part["category"], kind), "tags": self._tags(part["tags"])}

    def _payee(self, text: str) -> str:
        if ("payee", text) not in self.seen:
            self.seen["payee", text] = resolve_payees(self.owner, [text])[text]
        name: str = self.seen["payee", text]
        return name

    def _tags(self, texts: list[str]) -> list[str]:
        unknown = [text for text in texts if ("tags", text) not in self.seen]
        if unknown:
            self.seen |= {("tags", text): name for text, name in resolve_tags(self.owner, unknown).items()}
        return list(dict.fromkeys(self.seen["tags", text] for text in texts))


def _texts_in(sent: Mapping[str, Any]) -> dict[str, str]:
    return {name: sent[name].strip() for name, length in LENGTHS.items() if _is_name(sent.get(name), length)}


def _tags_in(sent: Mapping[str, Any]) -> set[str]:
    labels = sent.get("tags")
    return {text.strip() for text in labels if _is_name(text, MAX_TAG_LENGTH)} if isinstance(labels, list) else set()


def _is_name(text: object, max_length: int) -> bool:
    return isinstance(text, str) and len(text) <= max_length and "\x00" not in text
