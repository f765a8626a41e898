"""Corrections of the bank: rows that replace or delete an earlier transaction, which is known or in the same file."""

from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from finance.services.import_dedup import COPIES_OF_CORRECTED

# Deletions that are in review, or that the user has ignored there.
DECIDED_BEFORE = """
INSERT INTO import_met (number, way, claim_id, unit, transaction_id)
SELECT staged.number, 'id', claim.id, unit, NULL
  FROM import_staged staged JOIN import_claim claim USING (provider_id, content)
 WHERE correction = 'delete' AND is_same_kind AND claim.transaction_id IS NULL AND provider_id <> ''
"""

# Corrections that were applied by an earlier import are identified like other rows (`import_dedup.BY_ID`).
CORRECTIONS = """
SELECT number, correction, provider_id, corrected_id, content
  FROM import_staged staged
 WHERE correction IS NOT NULL
   AND NOT EXISTS (SELECT FROM import_met met WHERE met.number = staged.number)
   AND NOT EXISTS (SELECT FROM import_claim claim WHERE is_same_kind AND correction = 'replace'
                      AND claim.provider_id = staged.provider_id AND claim.content = staged.content)
 ORDER BY number
"""
KNOWN_TARGETS = """
SELECT DISTINCT ON (provider_id) provider_id, id, unit, transaction_id
  FROM import_claim
 WHERE is_same_kind AND provider_id IN (SELECT corrected_id FROM import_staged WHERE correction IS NOT NULL)
 ORDER BY provider_id, transaction_id IS NULL, id DESC
"""
TARGETS_IN_FILE = """
SELECT DISTINCT ON (provider_id) provider_id, number
  FROM import_staged
 WHERE problem IS NULL AND correction IS NULL
   AND provider_id IN (SELECT corrected_id FROM import_staged WHERE correction IS NOT NULL)
 ORDER BY provider_id, is_pending, number
"""
MEET = "INSERT INTO import_met (number, way, claim_id, unit, transaction_id) VALUES (%s, %s, %s, %s, %s)"
COPY_OF = "INSERT INTO import_copy (number, original, head, is_alias) VALUES (%s, %s, %s, %s)"
AS_NEW = "UPDATE import_staged SET correction = NULL, corrected_id = '' WHERE number = ANY(%s)"


class _Known(NamedTuple):
    claim_id: UUID | None
    unit: UUID | None
    transaction_id: UUID | None


NOTHING = _Known(None, None, None)


def match_corrections() -> None:
    """Match the corrections of the file with what they correct.

    A replacement of an unknown transaction is an ordinary row. Of several corrections of a transaction the last one counts, and
    the others are copies of it, like the corrected row itself if it is in the file.
    """
    with connection.cursor() as cursor:
        cursor.execute(DECIDED_BEFORE)
        cursor.execute(CORRECTIONS)
        corrections = cursor.fetchall()
        if not corrections:
            return
        cursor.execute(KNOWN_TARGETS)
        holders: dict[str, _Known | int] = {name: _Known(*known) for name, *known in cursor.fetchall()}
        cursor.execute(TARGETS_IN_FILE)
        holders = dict(cursor.fetchall()) | holders
        found = _Resolution(holders)
        for number, action, provider_id, corrected_id, content in corrections:
            found.add(number, action, (provider_id, content), corrected_id)
        cursor.executemany(MEET, [(number, way, *known) for number, (way, known) in found.met.items()])
        cursor.executemany(COPY_OF, [(number, *copy) for number, copy in found.copies()])
        cursor.execute(AS_NEW, [sorted(found.new)])
        cursor.execute(COPIES_OF_CORRECTED)


class _Resolution:
    """Decides what corrections correct. `holders` maps an id to the transaction, or to the row of the file, that has it."""

    def __init__(self, holders: dict[str, _Known | int]) -> None:
        self._holders = holders
        self._latest: dict[UUID, int] = {}  # the last correction of a known unit
        self._originals: dict[int, tuple[int, bool]] = {}  # number of a copy: number of the row that counts, and `is_alias`
        self._seen: dict[tuple[str, Any], int] = {}
        self.met: dict[int, tuple[str, _Known]] = {}
        self.new: set[int] = set()

    def add(self, number: int, action: str, identity: tuple[str, Any], corrected_id: str) -> None:
        """Decide on the correction in row `number`, which comes after all corrections that were added before."""
        if identity[0] and identity in self._seen:
            self._originals[number] = (self._seen[identity], False)
            return
        self._seen[identity] = number
        holder = self._holders.get(corrected_id)
        way = "correction" if action == "replace" else "removal"
        if isinstance(holder, int):
            self._retire(holder, number)
            self._hold(number, (identity[0], corrected_id))
            if action == "delete":
                self.met[number] = (way, NOTHING)
            else:
                self.new.add(number)
        elif holder is not None:
            earlier = self._latest.get(holder.unit) if holder.unit else None
            if earlier is not None:
                self._retire(earlier, number)
            if holder.unit:
                self._latest[holder.unit] = number
            self.met[number] = (way, holder)
            self._holders.setdefault(identity[0], holder)
        elif action == "replace":
            self._hold(number, (identity[0], corrected_id))
            self.new.add(number)
        else:
            self.met[number] = ("unknown removal", NOTHING)

    def _hold(self, number: int, ids: tuple[str, ...]) -> None:
        self._holders |= dict.fromkeys(filter(None, ids), number)

    def _retire(self, number: int, successor: int) -> None:
        self.met.pop(number, None)
        self.new.discard(number)
        self._originals[number] = (successor, True)

    def copies(self) -> list[tuple[int, tuple[int, int, bool]]]:
        """Return (number, (original, head, is_alias)) of the rows that a later correction of the file has replaced."""
        found = []
        for number, (original, is_alias) in self._originals.items():
            while original in self._originals:
                original = self._originals[original][0]
            found.append((number, (original, original, is_alias)))
        return found
