"""A family with accounts in Spain, the Netherlands, Poland, Italy, Sweden and Japan: the second generator.

Its texts and its way to choose amounts are independent of those of the first one. The user's name is not known.
"""

import random
from datetime import timedelta
from decimal import Decimal

from finance.transfer_evidence import OwnAccount
from tests.finance.transfers.world import Texts, World, account, with_everyday_life

PEOPLE = (
    *("Pilar Gómez", "Bram de Wit", "Kasia Zielińska", "Giulia Conti", "Björn Åkesson", "Sven Lund", "Marta Ruiz", "Daan Vos"),
    *("Olga Petrova", "山田 花子", "Luca Ferri", "Ewa Nowak"),
)
OUT_OTHER: tuple[Texts, ...] = (
    ("MERCADONA 4411", "COMPRA TARJ. 5402XXXX MERCADONA VALENCIA"),
    ("Albert Heijn 1088", "BEA, Betaalpas NR:4HK2 12.03/18:22"),
    ("BIEDRONKA 2231", "Płatność kartą 12.03.2025"),
    ("Osteria del Porto", "PAGAMENTO POS 12/03 GENOVA"),
    ("ICA Kvantum", "KORTKÖP 250312"),
    ("", "COMPRA RESTAURANTE LA PLAZA"),
    ("Ziggo Services", "Incasso algemeen doorlopend factuur 332"),
    ("{person}", "BIZUM ENVIADO cena viernes"),
    ("{person}", "Overboeking huur maart"),
    ("{person}", "Przelew czynsz marzec"),
    ("{person}", "BONIFICO A {person} affitto"),
    ("{person}", "Swish betalning {person}"),
    ("スーパー東京", "デビット利用"),
    ("Iberdrola", "RECIBO LUZ 2025"),
)
IN_OTHER: tuple[Texts, ...] = (
    ("{person}", "BIZUM RECIBIDO DE {person}"),
    ("{person}", "TRANSFERENCIA DE {person} regalo"),
    ("{person}", "Tikkie etentje"),
    ("{person}", "SEPA Overboeking bedankt"),
    ("{person}", "Przelew przychodzący prezent urodziny"),
    ("{person}", "BONIFICO DA {person} cena"),
    ("{person}", "Swish mottagen"),
    ("{person}", "振込 {person}"),
    ("Ayuntamiento", "DEVOLUCION IMPUESTO"),
    ("Zalando", "Terugbetaling retour 8831"),
    ("ACME SL", "NOMINA MARZO"),
    ("Fabryka SA", "Wynagrodzenie 03/2025"),
    ("Allegro", "Zwrot zamówienie 99122"),
    ("Försäkringskassan", "Insättning barnbidrag"),
)


def own_texts(rng: random.Random, here: OwnAccount, there: OwnAccount) -> tuple[Texts, Texts]:
    code = f"NL{rng.randrange(10**8):08d}"
    return rng.choice(
        [
            (("", "TRASPASO A CUENTA"), ("", "TRASPASO DESDE CUENTA")),
            (("", f"TRANSFERENCIA A {there.institution.upper()}"), ("", "TRANSFERENCIA RECIBIDA")),
            (("Hr J Moreno Vega", "Overboeking naar eigen rekening"), ("Hr J Moreno Vega", "Overboeking")),
            (("J MORENO VEGA", "SEPA Overboeking"), ("J Moreno Vega", "SEPA OVERBOEKING")),
            (("", f"Naar spaarrekening {there.last_digits}"), ("", "Van betaalrekening")),
            (("Javier Moreno Vega", "Przelew własny"), ("Javier Moreno Vega", "Przelew własny")),
            (("", "GIROCONTO"), ("", "GIROCONTO DA ALTRO CONTO")),
            (("", f"Överföring {there.last_digits}"), ("", f"Överföring {here.last_digits}")),
            (("", f"BONIFICO ISTANTANEO {code}"), ("", f"ACCREDITO {code}")),
            (("", f"{there.name} 資金移動"), ("", "振込入金")),
            ((there.institution, "Top up"), ("", f"Top-up by *{here.last_digits}")),
        ]
    )


def named(rng: random.Random, texts: tuple[Texts, ...]) -> Texts:
    person = rng.choice(PEOPLE)
    name, text = rng.choice(texts)
    return name.format(person=person), text.format(person=person)


def price(rng: random.Random) -> Decimal:
    return rng.choice([Decimal(rng.choice([20, 25, 50, 75, 100, 150, 200, 300])), Decimal(rng.randrange(500, 90_000)) / 100])


def family(seed: int) -> World:
    spain = account(11, "Nómina", "Banco del Turia", "0042")
    holland = account(12, "Sparen", "Polder Bank", "5521", "savings")
    poland = account(13, "Konto PL", "Bank Wisła", "9910")
    euros = account(14, "Multi EUR", "Globalia", "7007")
    world = World([spain, holland, poland, euros], [], random.Random(seed))
    rng = world.rng
    for number in range(200):
        here, there = rng.sample(world.accounts, 2)
        amount, day = price(rng), world.day()
        later = timedelta(rng.choices([0, 1, 2, 3, 4, 5], [40, 30, 14, 10, 3, 3])[0])
        texts = own_texts(rng, here, there)
        in_dollars = number % 10 == 0
        arrives = (amount * Decimal("1.0812") * Decimal(rng.randrange(975, 1000)) / 1000).quantize(Decimal("0.01"))
        kept = amount - (Decimal("1.50") if number % 12 == 1 and amount >= 60 else 0)
        paid = world.add(here, day, -amount, texts[0], "EUR")
        received = world.add(there, day + later, arrives if in_dollars else kept, texts[1], "USD" if in_dollars else "EUR")
        world.true.add((paid.id, received.id))
        if number % 4 == 0:  # the user pays someone the same sum
            rival = world.add(
                rng.choice([one for one in world.accounts if one is not there]), day, -amount, named(rng, OUT_OTHER), "EUR"
            )
            world.lookalikes.add((rival.id, received.id))
    while len(world.lookalikes) < 200:
        here, there = rng.sample(world.accounts, 2)
        amount, day = price(rng), world.day()
        paid = world.add(here, day, -amount, named(rng, OUT_OTHER), "EUR", rng.choice(["", "expense"]))
        received = world.add(
            there, day + timedelta(rng.randrange(0, 6)), amount, named(rng, IN_OTHER), "EUR", rng.choice(["", "income"])
        )
        world.lookalikes.add((paid.id, received.id))
    with_everyday_life(
        world,
        [lambda: (named(rng, OUT_OTHER), -price(rng)), lambda: (named(rng, IN_OTHER), price(rng))],
        1_200,
        "EUR",
    )
    return world
