"""No documented object has a value that is taken for one that can't be stored: every field as the library annotates it."""

import inspect
import typing
from decimal import Decimal
from typing import Any

import pytest
from stripe import StripeObject

from billing.stripe.readable import readable
from dev.stripe.object_schemas import PLAIN, class_of

READ = ("subscription", "invoice", "refund", "dispute", "customer", "customer_balance_transaction")
SAMPLES: dict[Any, Any] = {int: 1, bool: True, float: 1.0, str: "text", Decimal: "1250.5"}
OF_FIELDS = {("currency", str): "usd", ("last4", str): "4242", ("exp_year", int): 2030}
MAX_DEPTH = 6


def example(kind: Any, name: str, *, above: tuple[Any, ...], expanded: bool) -> Any:
    """Return a value of an annotation. References are `expanded` objects or IDs."""
    origin, inner = typing.get_origin(kind), [each for each in typing.get_args(kind) if each is not type(None)]
    if origin is typing.Union:
        return example(inner[-1 if expanded else 0], name, above=above, expanded=expanded)
    if origin is typing.Literal:
        return inner[0]
    if "ListObject" in str(origin) or origin is list:
        entries = [example(inner[0], name, above=above, expanded=expanded)]
        return entries if origin is list else {"object": "list", "data": entries}
    if kind in PLAIN:
        return OF_FIELDS.get((name, kind), SAMPLES[kind])
    found = kind.__forward_arg__ if isinstance(kind, typing.ForwardRef) else kind
    found = class_of(found) if isinstance(found, str) else found
    return example_object(found, above=above, expanded=expanded)


def example_object(kind: Any, *, above: tuple[Any, ...] = (), expanded: bool) -> dict[str, Any]:
    """Return an object with all fields of its class. One within itself, or too deep, has only an ID."""
    if not (inspect.isclass(kind) and issubclass(kind, StripeObject)) or kind in above or len(above) == MAX_DEPTH:
        return {"id": "id_1"}
    fields = {name: each for name, each in inspect.get_annotations(kind).items() if name != "OBJECT_NAME"}
    return {name: example(each, name, above=(*above, kind), expanded=expanded) for name, each in fields.items()}


@pytest.mark.parametrize("expanded", [False, True], ids=["ids", "expanded"])
@pytest.mark.parametrize("name", READ)
def test_every_documented_value_is_readable(name: str, expanded: bool) -> None:
    problems: list[str] = []
    found = example_object(class_of(name), expanded=expanded)
    shown = readable(found, problems)
    assert (sorted(set(problems)), shown) == ([], found)
