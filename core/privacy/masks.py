"""Which columns of a model tell something about a person, and what of each a colleague without the permission may see."""

from collections.abc import Callable

from django.db.models import Model

MaskFunction = Callable[[str], str]
MASK = "•••"
MAX_INITIALS = 3
MIN_MASKABLE_LENGTH = 4

_of_others: dict[type[Model], dict[str, MaskFunction]] = {}


def hidden(text: str) -> str:
    """Nothing of it."""
    return MASK


def initials(text: str) -> str:
    """The first letter of each of its first words: `J••• D•••`."""
    return " ".join(word[0] + MASK for word in text.split()[:MAX_INITIALS]) or MASK


def ending(text: str) -> str:
    """The last two digits, of a number that is long enough to keep its secret: `•••42`."""
    return MASK + text[-2:] if len(text) > MIN_MASKABLE_LENGTH else MASK


def address(text: str) -> str:
    """The first letters around the @, and the top-level domain: `a•••@e•••.com`."""
    local, _, domain = text.rpartition("@")
    name, dot, top = domain.rpartition(".")
    return f"{local[:1]}{MASK}@{name[:1]}{MASK}{dot}{top if name else ''}"


def personal(*fields: str, **partly: MaskFunction) -> dict[str, MaskFunction]:
    """The value of a model's `personal_fields`: columns to hide, and columns of which the named part is shown."""
    return dict.fromkeys(fields, hidden) | partly


def declare(model: type[Model], fields: dict[str, MaskFunction]) -> None:
    """Say it of a model that another package made."""
    _of_others[model] = fields


def personal_fields(model: type[Model]) -> dict[str, MaskFunction]:
    """The personal columns of any model and how much of each is shown."""
    own: dict[str, MaskFunction] = getattr(model, "personal_fields", {})
    return _of_others.get(model, own)
