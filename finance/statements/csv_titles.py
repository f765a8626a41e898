"""Keys of the titles of CSV columns, and parts of titles that are not known as a whole."""

import re
from collections.abc import Callable, Collection, Sequence

from finance.statements.csv_mapping import MAX_TITLE_LENGTH
from finance.statements.csv_names import COLUMN_NAMES
from finance.statements.currencies import currency_in_header, currency_named
from finance.statements.text import plain_key

_BRACKETS = re.compile(rf"[(\[（]([^)\]）]{{0,{MAX_TITLE_LENGTH}}})[)\]）]")
# before the currency: "Amount in USD", "Beløp i NOK", "Kwota w PLN"
_PREPOSITIONS = (" in", " i", " w", " v", " en", " em", " в")
_HARMLESS = frozenset({"", "total", "utc", "gmt", "optional", "tl", "sek", "kr", "suma", "amount", "betrag", "importe"})
_MONEY = ("amount", "debit", "credit", "balance")


def _stems(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Parts of titles that are not known as a whole.
DATE_STEMS = _stems("date datum dato data fecha pvm paiva tarih дата datums kuupaev ημερομηνια 日期 日付 날짜 일자 dag dan")
NO_DATE_STEMS = _stems("due fallig expir birth until statement vencimiento echeance scadenza update")
VALUE_STEMS = _stems("value valut valeur valor wert rente waluty ertek splatn arvo валют interest effective")
AMOUNT_STEMS = _stems("""
    amount betrag umsatz montant importe importo bedrag belopp belob maara kwota castka ciastka osszeg сумма сума tutar
    ποσο iznos znesek 金额 金額 금액
""")
NO_AMOUNT_STEMS = _stems("""
    orig foreign fremd local fee tax vat mwst commis komis комис коміс poplat gebuhr kosten cash кэшб кешб bonus бонус
    point limit rate kurs курс instruct exchange balance saldo tip discount refund reward mile unit quant ursprung
    fremm utland utenlandsk valutabel obc cizi zahran extran straniera etranger devise 退款 优惠 外币 原 现地 手数料
    equivalent budget goal remaining due minimum min max average open округл
""")


class Titles:
    """The titles of a header, by their keys."""

    def __init__(self, header: Sequence[str]) -> None:
        self._keys = [plain_key(title[:MAX_TITLE_LENGTH]) for title in header]
        self._by_key: dict[str, list[int]] = {}
        self._by_stripped_key: dict[str, list[int]] = {}
        for index, title in enumerate(header):
            self._by_key.setdefault(title_key(title), []).append(index)
            self._by_stripped_key.setdefault(stripped_key(title), []).append(index)

    def known(self, field: str, used: Collection[int]) -> list[int]:
        """Return the columns with known titles of a field, the best first."""
        keys = self._by_key if field in _MONEY else self._by_stripped_key
        found = [index for name in COLUMN_NAMES[field] for index in keys.get(name, ())]
        return [index for index in dict.fromkeys(found) if index not in used]

    def with_stems(self, stems: Sequence[str], without: Sequence[str], used: Collection[int]) -> list[int]:
        """Return the columns whose titles contain one of `stems` and none of `without`."""
        keys = [(index, key) for index, key in enumerate(self._keys) if index not in used]
        return [index for index, key in keys if contains(key, stems) and not contains(key, without)]

    def has_any(self, keys: Collection[str]) -> bool:
        """Return True if the header has a title with one of these keys."""
        return not self._by_stripped_key.keys().isdisjoint(keys)


def contains(key: str, stems: Sequence[str]) -> bool:
    """Return True if `key` contains one of `stems`."""
    return any(stem in key for stem in stems)


def title_key(title: str) -> str:
    """Return the key of a title without its currency: "Betrag (EUR)", "Amount in USD" and "Amount (total)" are amounts.

    Other words in brackets count: "Amount (fee)" is not an amount.
    """

    def kept(word: str) -> str:
        is_harmless = plain_key(word) in _HARMLESS or currency_named(word.strip()) is not None
        return "" if is_harmless else f" {word} "

    return _key(title, kept)


def stripped_key(title: str) -> str:
    """Return the key of a title without anything in brackets."""
    return _key(title, lambda word: " ")


def _key(title: str, in_brackets: Callable[[str], str]) -> str:
    title = title[:MAX_TITLE_LENGTH]
    key = plain_key(_BRACKETS.sub(lambda found: in_brackets(found.group(1)), title)) or plain_key(title)
    currency = currency_in_header(title).lower()
    if not currency or key == currency:
        return key
    key = key.removesuffix(currency).strip()
    return key.rpartition(" ")[0] if key.endswith(_PREPOSITIONS) else key
