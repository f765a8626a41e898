"""Texts of other apps, which are cleaned and cut."""

import re
from collections.abc import Sequence

from finance.statements.row_validation import MAX_TAGS, NOTE_LENGTH, PAYEE_LENGTH, TAG_LENGTH
from finance.statements.rows import StatementWarning
from finance.statements.text import clean_text

# What PostgreSQL can't store, and characters that hide or reorder others. Notes keep their lines.
_HIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Texts:
    """Cleans the texts of a file, and counts those that are cut."""

    def __init__(self) -> None:
        self._cut = 0

    def name(self, text: str, limit: int) -> str:
        """Return a name on one line with at most `limit` characters."""
        clean = clean_text(text, limit + 1)
        self._cut += len(clean) > limit
        return clean[:limit].rstrip()

    def note(self, text: str) -> str:
        clean = _HIDDEN.sub("", text).strip()
        self._cut += len(clean) > NOTE_LENGTH
        return clean[:NOTE_LENGTH]

    def tags(self, tags: Sequence[str]) -> tuple[str, ...]:
        """Return the names without those that differ in case only, in their order."""
        names = [name for tag in tags if (name := self.name(tag, TAG_LENGTH))]
        unique = list({name.casefold(): name for name in reversed(names)}.values())[::-1]
        self._cut += len(unique) > MAX_TAGS
        return tuple(unique[:MAX_TAGS])

    def warnings(self) -> list[StatementWarning]:
        """Return a warning if texts were cut."""
        if not self._cut:
            return []
        message = (
            f"{self._cut:,} texts or lists of tags are longer than MINGUS stores and are cut: notes at {NOTE_LENGTH:,} "
            f"characters, categories and payees at {PAYEE_LENGTH}, tags at {TAG_LENGTH}, and {MAX_TAGS} tags a transaction."
        )
        return [StatementWarning("texts_cut", message)]
