"""One statement as a bank writes it in five formats: with the texts, the ids and the order of rows that each of them has."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tests.finance.statements import camt_files, mt940_files

KINDS = ("ofx", "camt", "mt940", "qif", "csv")
OPENING = Decimal("1000.00")


@dataclass(frozen=True)
class Booking:
    """A movement of the account; `number` counts those of the statement and is in the bank's ids."""

    number: int
    day: int
    amount: str
    payee: str
    purpose: str

    @property
    def date(self) -> date:
        return date(2026, 3, self.day)


STATEMENT = (
    Booking(1, 2, "-2.90", "Städtische Verkehrsbetriebe Aktiengesellschaft", "Einzelfahrt 4711"),
    Booking(2, 2, "-2.90", "Städtische Verkehrsbetriebe Aktiengesellschaft", "Einzelfahrt 4712"),
    Booking(3, 3, "-2.90", "Städtische Verkehrsbetriebe Aktiengesellschaft", "Einzelfahrt 4713"),
    Booking(4, 3, "2874.60", "Larkspur Software GmbH", "Gehalt März 2026, Personalnummer 12-345"),
    Booking(5, 4, "-54.20", "Grocer & Sons", "Danke für Ihren Einkauf"),
    Booking(6, 4, "-5.00", "Coffee House", "Kartenzahlung 03.03. 08:14"),
    Booking(7, 4, "-5.00", "Coffee House", "Kartenzahlung 04.03. 08:09"),
    Booking(8, 5, "-850.00", "Vermietung Blau KG", "Miete März Whg. 7"),
    Booking(9, 5, "12.99", "Green Mail Order", "Erstattung Bestellung 99-1"),
)
# a coffee of a day and an amount that the statement has, in another shop
NEW_COFFEE = Booking(10, 4, "-5.00", "Tea & Coffee Bar", "Kartenzahlung 04.03. 15:40")


def written_as(kind: str, bookings: tuple[Booking, ...]) -> bytes:
    """Return the statement as a file of `kind`."""
    return {"ofx": _ofx, "camt": _camt, "mt940": _mt940, "qif": _qif, "csv": _csv}[kind](bookings).encode()


def _ofx(bookings: tuple[Booking, ...]) -> str:
    """Write names in capitals and cut at 32 characters, beside memos, with ids, the newest first."""
    rows = "".join(
        f"<STMTTRN><TRNTYPE>OTHER<DTPOSTED>{each.date:%Y%m%d}120000[+1:CET]<TRNAMT>{each.amount}<FITID>2026{each.number:06}"
        f"<NAME>{_xml(each.payee.upper()[:32])}<MEMO>{_xml(each.purpose)}</STMTTRN>\n"
        for each in reversed(bookings)
    )
    return (
        "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nENCODING:UTF-8\nCHARSET:NONE\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS>"
        "<CURDEF>EUR<BANKACCTFROM><BANKID>12030000<ACCTID>202051<ACCTTYPE>CHECKING</BANKACCTFROM>"
        f"<BANKTRANLIST>\n{rows}</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    )


def _camt(bookings: tuple[Booking, ...]) -> str:
    """Write full names with IBANs, ids of another kind, and balances."""
    entries = [
        camt_files.entry(
            camt_files.Entry(
                amount=each.amount,
                day=each.date.isoformat(),
                text=_xml(each.purpose),
                payee=_xml(each.payee),
                id=f"C{each.number:04}-{each.day}",
            )
        )
        for each in bookings
    ]
    opening = camt_files.balance("OPBD", str(OPENING), "2026-03-01")
    return camt_files.document(camt_files.statement(opening, *entries, camt_files.balance("CLBD", _closing(bookings))))


def _mt940(bookings: tuple[Booking, ...]) -> str:
    """Write structured details without umlauts, and references that are the same in all rows."""
    fields = []
    for each in bookings:
        mark = ("D" if each.amount.startswith("-") else "C") + each.amount.lstrip("-").replace(".", ",")
        texts = [_ascii(text) for text in (each.purpose, each.payee)]
        fields.append(mt940_files.line(mark, f"{each.date:%y%m%d}", f"{each.date:%m%d}", "NMSCNONREF"))
        fields.append(
            f":86:177?00UEBERWEISUNG?20SVWZ+{texts[0][:22]}?21{texts[0][22:]}?31DE02500105170137075030?32{texts[1][:27]}"
        )
    closing = f":62F:C260331EUR{_closing(bookings).replace('.', ',')}"
    return mt940_files.message(*fields, opening=f":60F:C260301EUR{OPENING}".replace(".", ","), closing=closing)


def _qif(bookings: tuple[Booking, ...]) -> str:
    """Write payees only, without ids, the newest first."""
    records = [f"D{each.date:%d.%m.%Y}\nT{each.amount}\nP{_ascii(each.payee)}\n^\n" for each in reversed(bookings)]
    return "!Type:Bank\n" + "".join(records)


def _csv(bookings: tuple[Booking, ...]) -> str:
    """Write the columns of a German bank, without ids, in which both parts of the text are joined."""
    rows = [
        f'{each.date:%d.%m.%Y};"{each.payee}";"{each.payee} / {each.purpose}";"{each.amount.replace(".", ",")}";EUR\n'
        for each in bookings
    ]
    return "Buchungstag;Begünstigter/Zahlungspflichtiger;Verwendungszweck;Betrag;Währung\n" + "".join(rows)


def _closing(bookings: tuple[Booking, ...]) -> str:
    return str(OPENING + sum(Decimal(each.amount) for each in bookings))


def _xml(text: str) -> str:
    return text.replace("&", "&amp;")


def _ascii(text: str) -> str:
    return text.replace("ä", "a").replace("ü", "u").replace("ö", "o")
