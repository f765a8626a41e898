"""A household with accounts in the United States, Germany and France: the first generator."""

import random
from decimal import Decimal

from finance.transfer_evidence import OwnAccount
from tests.finance.transfers.world import Texts, World, account, delay, sum_of, timedelta, with_everyday_life

OWNER = "Nora Feldmann"
FRIENDS = (
    "Jonas Weber",
    "Claire Martin",
    "Amit Shah",
    "Lena Brandt",
    "Tom O'Hara",
    "Sophie Durand",
    "Marek Novak",
    "Inma Lopez",
)
SHOPS = (
    ("TRATTORIA BELLA 114", "POS PURCHASE 0412 BOSTON MA"),
    ("Noodle House", "DEBIT CARD PURCHASE XX4411"),
    ("GREENWAY MARKET #22", "PURCHASE AUTHORIZED ON 03/14"),
    ("Edeka Neumann", "KARTENZAHLUNG girocard 2025-03"),
    ("BAR LE SUD", "PAIEMENT CB 1203 LYON"),
    ("Bookstore Kent", "CARD 4411"),
    ("", "CB RESTAURANT LE PORT 14/03"),
    ("Parkhaus Mitte", "SEPA Lastschrift Parking"),
    ("City Tickets", "ORDER 8812-22"),
    ("Sporthaus Kern", "Rechnung 2025/331"),
)
RECEIVED = (
    ("{friend}", "dinner on Friday"),
    ("{friend}", "Zelle payment from {friend}"),
    ("{friend}", "VENMO CASHOUT {friend} pizza"),
    ("{friend}", "Danke für die Karten"),
    ("{friend}", "SEPA Überweisung {friend} Geschenk Mama"),
    ("{friend}", "VIR SEPA RECU {friend} resto"),
    ("{friend}", "VIREMENT DE {friend}"),
    ("Greenway Market", "REFUND GREENWAY MARKET"),
    ("Sporthaus Kern", "Erstattung Retoure 77123"),
    ("Larkspur Software", "PAYROLL DIRECT DEP"),
    ("Feldspar GmbH", "Reisekosten Auslagen März"),
    ("City Tickets", "Reversal order 8812-22"),
)
PAID = (
    ("{friend}", "Zelle payment to {friend}"),
    ("{friend}", "SEPA Überweisung {friend} Miete"),
    ("{friend}", "VIR SEPA {friend} loyer"),
    ("{friend}", "Anteil Urlaub"),
)


def own_texts(rng: random.Random, here: OwnAccount, there: OwnAccount, reference: int) -> tuple[Texts, Texts]:
    """Return the texts of both sides of a true transfer as different banks write them."""
    styles: list[tuple[Texts, Texts]] = [
        (
            ("", f"Online Transfer to {there.name} xxxxxx{there.last_digits} transaction#: {reference}"),
            ("", f"Online Transfer from {here.name} xxxxxx{here.last_digits} transaction#: {reference}"),
        ),
        (("", f"ACH DEBIT {there.institution.upper()} XFER"), ("", f"ACH CREDIT {here.institution.upper()} TRANSFER")),
        ((OWNER, "Umbuchung"), (OWNER, "Gutschrift Umbuchung")),
        ((OWNER, "SEPA Überweisung Sparen"), (OWNER.upper(), "SEPA-GUTSCHRIFT")),
        ((OWNER, "Dauerauftrag"), ("", "GUTSCHRIFT DAUERAUFTRAG")),
        (("", f"VIREMENT INTERNE VERS {there.name.upper()}"), ("", "VIREMENT RECU")),
        (("M OU MME FELDMANN NORA", "VIR INST"), ("", f"VIR DE {OWNER.upper()}")),
        (("", "WITHDRAWAL"), ("", "DEPOSIT")),
        ((there.institution, f"Transfer {reference}"), (here.institution, f"Incoming transfer {reference}")),
        (("", f"TRF {reference}"), ("", f"TRF {reference}")),
    ]
    if there.is_debt:
        return rng.choice(
            [
                (("", f"AUTOPAY {there.institution.upper()}"), ("", "PAYMENT THANK YOU")),
                ((there.institution, "Kreditkartenabrechnung"), ("", "Zahlung erhalten - Danke")),
                (("", f"CREDIT CRD EPAY {there.last_digits}"), ("", "Payment received")),
            ]
        )
    return rng.choice(styles)


def filled_in(rng: random.Random, texts: tuple[Texts, ...]) -> Texts:
    friend = rng.choice(FRIENDS)
    name, text = rng.choice(texts)
    return name.format(friend=friend), text.format(friend=friend)


def household(seed: int) -> World:
    checking = account(1, "Everyday", "Harbor Bank", "4321")
    savings = account(2, "Rainy days", "Sparkasse Nord", "8765", "savings")
    card = account(3, "Travel card", "Meridian Cards", "7899", "credit")
    france = account(4, "Compte Lyon", "Credit du Sud", "1188")
    world = World([checking, savings, card, france], [OWNER], random.Random(seed))
    rng = world.rng
    for number in range(200):
        here, there = rng.choice(
            [(checking, savings), (savings, checking), (checking, card), (checking, france), (france, savings)]
        )
        amount, day = sum_of(rng, 20, 2_500), world.day()
        is_converted = france in (here, there) and rng.random() < 0.5
        fee = (amount * Decimal("0.01")).quantize(Decimal("0.01")) if rng.random() < 0.08 and amount < 2_000 else Decimal(0)
        arrived = (amount * Decimal("1.0812") * Decimal(rng.randrange(980, 1005)) / 1000).quantize(Decimal("0.01"))
        paid_texts, received_texts = own_texts(rng, here, there, 70_000_000 + rng.randrange(9_999_999))
        paid = world.add(here, day, -amount, paid_texts, "EUR")
        received = world.add(
            there,
            day + timedelta(delay(rng)),
            arrived if is_converted else amount - fee,
            received_texts,
            "USD" if is_converted else "EUR",
        )
        world.true.add((paid.id, received.id))
        if number % 5 == 0:  # a payment of a friend competes for the transfer
            rival = world.add(
                rng.choice([one for one in (checking, savings) if one is not here]),
                day,
                amount,
                filled_in(rng, RECEIVED),
                "EUR",
            )
            world.lookalikes.add((paid.id, rival.id))
    while len(world.lookalikes) < 200:
        here, there = rng.choice([(checking, savings), (savings, checking), (card, checking)])
        amount, day = sum_of(rng, 10, 400), world.day()
        paid = world.add(here, day, -amount, filled_in(rng, SHOPS + PAID), "EUR", rng.choice(["", "", "expense"]))
        received = world.add(there, day + timedelta(rng.randrange(-2, 6)), amount, filled_in(rng, RECEIVED), "EUR")
        world.lookalikes.add((paid.id, received.id))
    with_everyday_life(
        world,
        [
            lambda: (filled_in(rng, SHOPS), -sum_of(rng, 5, 150)),
            lambda: (filled_in(rng, RECEIVED), sum_of(rng, 5, 200)),
            lambda: (filled_in(rng, PAID), -sum_of(rng, 20, 600)),
        ],
        1_500,
        "EUR",
    )
    return world
