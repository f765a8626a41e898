"""Categories and payees of imported transactions, as parameters of the statements that write the transactions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from django.db import connection

from finance.models import StatementImport
from finance.models.categories import CategoryKind
from finance.payee_names import payee_name
from finance.services.names import kind_of_category, resolve_categories, resolve_payees
from finance.sources import SourceKind, source

# The rows that are about to become transactions.
STAGED_CATEGORIES = """
SELECT DISTINCT category, transaction_type FROM import_staged AS staged
 WHERE category <> '' AND NOT EXISTS (SELECT FROM import_verdict known WHERE known.number = staged.number)
"""
STAGED_MERCHANTS = """
SELECT DISTINCT merchant_name FROM import_staged AS staged
 WHERE merchant_name <> '' AND NOT EXISTS (SELECT FROM import_verdict known WHERE known.number = staged.number)
   AND NOT EXISTS (SELECT FROM import_extra extra WHERE extra.number = staged.number AND payee IS NOT NULL)
"""
# The rows that are about to update transactions.
SUPERSEDING_MERCHANTS = """
SELECT DISTINCT data ->> 'merchant_name' FROM finance_statementimportrow
 WHERE user_id = %(user)s AND statement_import_id = %(import)s AND verdict = 'superseded' AND data ->> 'merchant_name' <> ''
"""


def names_of_staged_rows(record: StatementImport, kinds: Mapping[str, CategoryKind]) -> dict[str, Any]:
    """Return the parameters for the staged rows, and create the categories and payees that do not exist.

    `kinds` are the kinds of new categories, if they are known; otherwise they follow from the types of the rows.
    """
    with connection.cursor() as cursor:
        cursor.execute(STAGED_CATEGORIES)
        categories = cursor.fetchall()
        cursor.execute(STAGED_MERCHANTS)
        return names_of(record, categories, [merchant for (merchant,) in cursor.fetchall()], kinds)


def names_of_superseding_rows(record: StatementImport) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(SUPERSEDING_MERCHANTS, {"user": record.user_id, "import": record.pk})
        return names_of(record, [], [merchant for (merchant,) in cursor.fetchall()])


def names_of(
    record: StatementImport,
    categories: Iterable[tuple[str, str]],
    merchants: Iterable[str],
    known: Mapping[str, CategoryKind] = {},
) -> dict[str, Any]:
    """Return the parameters for pairs of a category's text and a type of transactions, and for names of merchants.

    A new category is for income or transfers if all its transactions are.
    """
    kinds: defaultdict[str, set[CategoryKind]] = defaultdict(set)
    for text, transaction_type in categories:
        kinds[text].add(kind_of_category(transaction_type))
    usual = {text: found.pop() if len(found) == 1 else CategoryKind.EXPENSE for text, found in kinds.items()}
    slugs = resolve_categories(record.user_id, {text: known.get(text, kind) for text, kind in usual.items()})
    derived = {merchant: payee_name(merchant) for merchant in merchants}
    names = resolve_payees(record.user_id, derived.values())
    entry = source(SourceKind.IMPORT, key=record.pk)
    return {
        "category_texts": [text for text in kinds if text],
        "categories": [slugs[text] for text in kinds if text],
        "merchant_names": [merchant for merchant, name in derived.items() if name],
        "payees": [names[name] for name in derived.values() if name],
        "source_of_category": orjson.dumps({"category": entry}).decode(),
        "source_of_payee": orjson.dumps({"payee": entry}).decode(),
    }
