"""Which columns of a model tell something about a person, and what of each a colleague without the permission may see."""

from collections.abc import Callable
from typing import Any

from django.db.models import Model

Partly = Callable[[str], str]
DOTS = "•••"
MOST_WORDS = 3
NEXT_TO_NOTHING = 4

_of_others: dict[type[Model], dict[str, Partly]] = {}


def hidden(text: str) -> str:
    """Nothing of it."""
    return DOTS


def initials(text: str) -> str:
    """The first letter of each of its first words: `J••• D•••`."""
    return " ".join(word[0] + DOTS for word in text.split()[:MOST_WORDS]) or DOTS


def ending(text: str) -> str:
    """The last two digits, of a number that is long enough to keep its secret: `•••42`."""
    return DOTS + text[-2:] if len(text) > NEXT_TO_NOTHING else DOTS


def address(text: str) -> str:
    """The first letters around the @, and the top-level domain: `a•••@e•••.com`."""
    local, _, domain = text.rpartition("@")
    name, dot, top = domain.rpartition(".")
    return f"{local[:1]}{DOTS}@{name[:1]}{DOTS}{dot}{top if name else ''}"


def personal(*fields: str, **partly: Partly) -> dict[str, Partly]:
    """The value of a model's `personal_fields`: columns to hide, and columns of which the named part is shown."""
    return dict.fromkeys(fields, hidden) | partly


def declare(model: type[Model], fields: dict[str, Partly]) -> None:
    """Say it of a model that another package made."""
    _of_others[model] = fields


def personal_fields(model: type[Model]) -> dict[str, Partly]:
    """The personal columns of any model and how much of each is shown."""
    own: Any = getattr(model, "personal_fields", {})
    return _of_others.get(model, own)
