"""Copies of the account's customers with everything about them, by which a large account is made within seconds.

Products and prices can be read and stored again, too.
"""

import re
from typing import Any

import orjson

from dev.stripe.application import Application

SHARED = ("product", "price", "coupon", "promotion_code", "tax_rate", "webhook_endpoint")  # belong to no customer


def copy_customers(application: Application, given: dict[str, Any]) -> Any:
    """Copy everything about the account's customers: `{mark, copies: [{suffix, words: {old: new}}]}`.

    The ids of a copy are those of the originals with the suffix. In its text, such as the metadata, each old word is replaced.
    Objects whose ids contain the mark are not copied, because they are copies. Return the number of objects.
    """
    store = application.store
    with store.transaction():
        kinds = [kind for kind in store.index if "=" not in kind and not kind.startswith("_") and kind not in SHARED]
        names = [name for kind in kinds for name in store.index[kind].names if name in store.rows and given["mark"] not in name]
        ids = re.compile(b"(" + b"|".join(re.escape(name.encode()) for name in names) + b")")
        # the texts between the ends of the ids, which the suffix connects
        pieces = [ids.sub(rb"\1\0", store.rows[name]).split(b"\0") for name in names]
    for copy in given["copies"]:
        suffix, words = copy["suffix"].encode(), copy["words"]
        with store.transaction():
            for parts in pieces:
                body = suffix.join(parts)
                for old, new in words.items():
                    body = body.replace(old.encode(), new.encode())
                store.add(orjson.loads(body))
    return {"objects": len(given["copies"]) * len(pieces)}


def read_catalog(application: Application, given: dict[str, Any]) -> Any:
    """Return the products and prices as they are stored, for `store_catalog`."""
    store = application.store
    with store.transaction():
        return {"objects": [*store.where("product"), *store.where("price")]}


def store_catalog(application: Application, given: dict[str, Any]) -> Any:
    """Store products and prices as created now, without events: `{objects}`."""
    now = application.account.now()
    with application.store.transaction():
        for obj in given["objects"]:
            application.store.add({**obj, "created": now, **({"updated": now} if "updated" in obj else {})})
    return {}
