"""The texts that a search consists of, and the limits of a search."""

from dataclasses import dataclass

MAX_LENGTH = 1_000
MAX_TERMS = 30
MAX_DEPTH = 10
NOTHING = "There is nothing to search for. Write a letter or a digit."
WORDS = ""  # the field of a condition on words without a field


@dataclass(frozen=True, slots=True)
class Text:
    """A word, a phrase in quotes or a value, and its first character's column. A prefix had a `*` at its end."""

    text: str
    column: int
    is_quoted: bool = False
    is_prefix: bool = False
