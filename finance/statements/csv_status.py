"""The columns of a CSV record that say whether a transaction is pending or was not executed."""

from collections.abc import Sequence

from finance.statements.csv_layout import CsvLayout
from finance.statements.csv_money import Cache, cell_at
from finance.statements.csv_words import DEAD_WORDS, FLAG_WORDS, MEMO_WORDS, PENDING_WORDS, word_key
from finance.statements.rows import BrokenCellError
from finance.statements.text import clean_text

_SHOWN = 40


class StatusCells:
    """Reads the status, a flag of pending rows, and words that mark a row as a mere note."""

    def __init__(self, layout: CsvLayout) -> None:
        self._place_of_status = layout.columns.get("status")
        self._place_of_flag = layout.columns.get("pending")
        self._type = layout.columns.get("type")
        self._has_memo_words = layout.has_memo_words
        self._is_flag_pending = layout.is_flag_pending
        self._word = Cache(word_key)

    def is_pending(self, cells: Sequence[str]) -> bool:
        """Return True if the row is pending; raise BrokenCellError if it moved no money."""
        status = cell_at(cells, self._place_of_status)
        word = self._word(status)
        memo = self._has_memo_words and self._word(cell_at(cells, self._type)) in MEMO_WORDS
        if word in DEAD_WORDS or memo:
            shown = clean_text(status or cell_at(cells, self._type), _SHOWN)
            raise BrokenCellError("status", "not_executed", f"The bank marks this row “{shown}”, so no money moved.")
        flag = self._word(cell_at(cells, self._place_of_flag))
        is_flag = FLAG_WORDS.get(flag)
        if is_flag is not None:
            return is_flag is self._is_flag_pending
        return word in PENDING_WORDS or flag in PENDING_WORDS
