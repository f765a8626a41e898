"""A household in the United Kingdom and India whose shops and friends have names that no list knows: the third generator."""

import random
from datetime import timedelta
from decimal import Decimal

from finance.transfer_evidence import OwnAccount
from tests.finance.transfers.world import Texts, World, account, delay, sum_of, with_everyday_life


def word(rng: random.Random) -> str:
    return "".join(rng.choice("bdfgklmnprstvz") + rng.choice("aeiou") for _ in range(rng.randrange(2, 4)))


def shop(rng: random.Random) -> Texts:
    return f"{word(rng)} {word(rng)}".upper(), f"{word(rng)} {rng.randrange(99)}"


def person(rng: random.Random) -> Texts:
    name = f"{word(rng)} {word(rng)}".title()
    return name, rng.choice([f"FPS IN {name}", word(rng), f"Transfer from {name}", f"{name} {word(rng)}"])


def own_texts(rng: random.Random, here: OwnAccount, there: OwnAccount) -> tuple[Texts, Texts]:
    code = f"{rng.randrange(10**9):09d}"
    if there.is_debt:
        return rng.choice(
            [
                (("", "OAKLINE CARD SERV WEB PMT 7741"), ("", "PMT RCVD - THANKS")),
                (("OAKLINE", "DIRECT DEBIT FULL BALANCE"), ("", "DIRECT DEBIT RECEIVED")),
            ]
        )
    return rng.choice(
        [
            (("", f"FPS OUT RAMAN P {code}"), ("", f"FPS IN P RAMAN {code}")),
            (("RAMAN P", "BILL PAYMENT VIA FASTER PAYMENT TO RAMAN P"), ("P RAMAN", "FASTER PAYMENTS RECEIPT")),
            (("", f"CHK TO {there.last_digits} MOBILE"), ("", f"MOBILE FROM {here.last_digits}")),
            (("", "INTERNET TRF DR"), ("", "INTERNET TRF CR")),
            (("Priya Raman", f"NEFT-{code}"), ("PRIYA RAMAN", f"NEFT CR-{code}")),
            (("", f"IMPS/{code}/self"), ("", f"IMPS/{code}")),
            (("", "Regular saver standing order"), ("", "STO IN")),
            ((there.institution, "ISA topup"), ("", "Credit received")),
        ]
    )


def strangers(seed: int) -> World:
    main = account(21, "Main acct", "First Valley CU", "5512")
    saver = account(22, "ISA", "Northgate Building Society", "0931", "savings")
    gold = account(23, "Gold", "Oakline Card Services", "7741", "credit")
    world = World([main, saver, gold], ["Priya Raman"], random.Random(seed))
    rng = world.rng
    for number in range(200):
        here, there = rng.choice([(main, saver), (saver, main), (main, gold)])
        amount, day = sum_of(rng, 20, 1_500), world.day()
        texts = own_texts(rng, here, there)
        paid = world.add(here, day, -amount, texts[0], "GBP")
        received = world.add(there, day + timedelta(abs(delay(rng))), amount, texts[1], "GBP")
        world.true.add((paid.id, received.id))
        if number % 5 == 0:
            rival = world.add(saver if here is main else main, day, amount, person(rng), "GBP")
            world.lookalikes.add((paid.id, rival.id))
    while len(world.lookalikes) < 200:
        here, there = rng.choice([(main, saver), (saver, main), (gold, main)])
        amount, day = sum_of(rng, 10, 300), world.day()
        paid = world.add(here, day, -amount, shop(rng), "GBP")
        received = world.add(there, day + timedelta(rng.randrange(-2, 6)), amount, person(rng), "GBP")
        world.lookalikes.add((paid.id, received.id))
    with_everyday_life(
        world, [lambda: (shop(rng), -sum_of(rng, 5, 150)), lambda: (person(rng), Decimal(sum_of(rng, 5, 200)))], 800, "GBP"
    )
    return world
