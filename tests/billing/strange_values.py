"""Values that Stripe's objects may have and that can't be stored or shown, for every field of a customer's objects."""

from collections.abc import Iterator
from typing import Any

MAX_DEPTH = 5
EXPANDED = (
    "default_payment_method",
    "invoice_settings",
    "customer",
    "charge",
    "discount",
    "discounts",
    "source",
    "coupon",
    "payments",
)
STRANGE: tuple[Any, ...] = (
    None,
    "",
    "a value that is unknown here",
    "x" * 300,
    "nul\0",
    0,
    -1,
    1,
    2**31,
    10**15,
    10**18,
    True,
    [],
    {},
)


def values_of(path: str) -> tuple[Any, ...]:
    """Return the values of a field. The library fails on text in a decimal, and the emulator expands IDs."""
    if path.endswith(EXPANDED):
        return (None, {})
    return (None, "1e18", "-0.001") if path.endswith("_decimal") else STRANGE


def paths(value: Any, path: str = "", depth: int = 0) -> Iterator[str]:
    """Yield the path of every field of an object, also of nested objects and of the entries of lists."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, entry in entries:
        inner = f"{path}.{name}".removeprefix(".")
        if isinstance(value, dict) and not (depth == 0 and name in ("id", "object")):
            yield inner
        if depth < MAX_DEPTH and entry:
            yield from paths(entry, inner, depth + 1)
