"""Objects of Stripe that can't be stored, or not completely: they are left out and named, and the others are written."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from django.db import DataError, IntegrityError, transaction

from billing.models import StripeCustomer
from billing.services.staff_notices import notify_staff
from billing.stripe.client import Object
from billing.stripe.readable import readable
from billing.stripe.values import UnreadableObjectError

Parsed = TypeVar("Parsed")
UNSTORABLE = (UnreadableObjectError, DataError, IntegrityError)
MAX_PROBLEMS = 50


@contextmanager
def naming(what: str, problems: list[str]) -> Iterator[None]:
    """Describe in `problems` that the object of the block can't be stored. Use it for a block that undoes its own writes."""
    try:
        yield
    except UNSTORABLE as error:
        [reason, *_] = str(error).splitlines()
        problems.append(f"{what} was left out: {reason}.")


@contextmanager
def leaving_out(what: str, problems: list[str]) -> Iterator[None]:
    """Run the block in a savepoint. If its object can't be stored, undo the block and describe that in `problems`."""
    with naming(what, problems), transaction.atomic():
        yield


def parsed(found: Iterable[Object], parse: Callable[[Object], Parsed], problems: list[str]) -> list[Parsed]:
    """Parse objects, without those that can't be shown."""
    done: list[Parsed] = []
    for obj in found:
        with naming(name_of(obj), problems):
            done.append(parse(readable_object(obj, problems)))
    return done


def readable_object(obj: Object, problems: list[str]) -> Any:
    """Return an object without the values that can't be stored, and name them in `problems`."""
    names: list[str] = []
    found = readable(obj, names)
    problems += [
        f"{name_of(obj)} has a value that can't be stored, which was left out: {name}." for name in dict.fromkeys(names)
    ]
    return found


def name_of(obj: Object) -> str:
    """Return the name of an object for staff, such as `Invoice in_123`."""
    return f"{str(obj.get('object', 'object')).replace('_', ' ').capitalize()} {obj.get('id')}"


def record_problems(ours: StripeCustomer, problems: list[str], *, now: datetime) -> None:
    """Set the customer's `problems`, and notify staff of each new one, once however many customers and events have it."""
    known = set(ours.problems.splitlines())
    new = [sentence for sentence in dict.fromkeys(problems) if sentence not in known]
    ours.problems = "\n".join(list(dict.fromkeys(problems))[:MAX_PROBLEMS])
    for sentence in new[:MAX_PROBLEMS]:
        notify_staff(title="Stripe data could not be synced", message=sentence, now=now, is_once=True)
