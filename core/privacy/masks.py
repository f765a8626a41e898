"""Personal columns of models, and the masks that staff without the permission see in their place."""

from collections.abc import Callable

from django.db.models import Model

MaskFunction = Callable[[str], str]
MASK = "•••"
MAX_INITIALS = 3
MIN_MASKABLE_LENGTH = 4

_of_others: dict[type[Model], dict[str, MaskFunction]] = {}


def hidden(text: str) -> str:
    return MASK


def initials(text: str) -> str:
    """Return the first letter of each of the first words: `J••• D•••`."""
    return " ".join(word[0] + MASK for word in text.split()[:MAX_INITIALS]) or MASK


def ending(text: str) -> str:
    """Return the last two characters: `•••42`; none of a short text."""
    return MASK + text[-2:] if len(text) > MIN_MASKABLE_LENGTH else MASK


def email_mask(text: str) -> str:
    """Mask an email address except for the first letters and the top-level domain: `a•••@e•••.com`."""
    local, _, domain = text.rpartition("@")
    name, dot, top = domain.rpartition(".")
    return f"{local[:1]}{MASK}@{name[:1]}{MASK}{dot}{top if name else ''}"


def personal(*fields: str, **partly: MaskFunction) -> dict[str, MaskFunction]:
    """Return the value for a model's `personal_fields`: columns to hide, and columns with a mask of their own."""
    return dict.fromkeys(fields, hidden) | partly


def declare(model: type[Model], fields: dict[str, MaskFunction]) -> None:
    """Set the personal columns of another package's model."""
    _of_others[model] = fields


def personal_fields(model: type[Model]) -> dict[str, MaskFunction]:
    """Return the personal columns of a model, each with its mask."""
    own: dict[str, MaskFunction] = getattr(model, "personal_fields", {})
    return _of_others.get(model, own)
