"""Stories of customers: how each buys, and what happens to them on which day, drawn by chance from all kinds of trouble."""

import random
from dataclasses import dataclass, field

from billing.models import SubscriptionPlan
from tests.billing.story_actions import (
    Action,
    be_sent_invoices,
    buy,
    buy_twice,
    cancel,
    cancel_at_a_day,
    change_card_to,
    delete_customer,
    discount,
    dispute_escalated,
    dispute_prevented,
    downgrade,
    end_now,
    give_up_invoice,
    inquire,
    lose_dispute,
    owe_from_before,
    pause,
    pay_elsewhere,
    pay_in_two_parts,
    pay_open_invoice,
    pay_part,
    pay_part_of_change,
    pay_too_much,
    receive_credit,
    refund_a_part,
    resume,
    subscribe_to_another_app,
    upgrade,
    warn_of_fraud,
    win_dispute,
)

Plans = dict[tuple[str, str], SubscriptionPlan]
Steps = list[tuple[int, Action]]
DAYS = 66
LATEST_PURCHASE, TRIAL, MAX_DELAY = 3, 14, 2  # in days; with them, the last step of each trouble is before the last day
CARDS = ("visa", "visa_debit", "mastercard", "amex", "refundFail", "pendingRefund", "authenticationRequired")
MONTHLY_PLANS = (("Mid-tier", "monthly"), ("Mid-tier", "monthly"), ("Professional", "monthly"))
PLACES: tuple[dict[str, str], ...] = ({}, {"country": "US", "state": "CA"}, {"country": "DE"})


@dataclass
class Story:
    """A purchase and the customer's later actions by day. A second trouble may prevent the main one."""

    name: str
    plan: tuple[str, str]
    card: str
    trial_days: int
    place: dict[str, str]
    has_coupon: bool
    actions: dict[int, list[Action]] = field(default_factory=dict)
    has_second_trouble: bool = False

    def __str__(self) -> str:
        days = {day: [action.__name__ for action in actions] for day, actions in self.actions.items()}
        return f"{self.name}: {self.plan}, {self.card}, trial {self.trial_days}, {self.place}, {self.has_coupon}, {days}"


def draw_stories(chance: random.Random, size: int) -> list[Story]:
    """Draw stories, of which no two have the same main trouble until all troubles are used."""
    names = chance.sample(list(TROUBLES), len(TROUBLES))
    return [draw_story(chance, names[number % len(names)]) for number in range(size)]


def draw_story(chance: random.Random, name: str) -> Story:
    """Draw a story with a main trouble, sometimes with another one."""
    card, steps = TROUBLES[name]
    trial_days = chance.choice((0, 0, TRIAL)) if name != "double purchase" else 0
    story = Story(
        name,
        chance.choice(MONTHLY_PLANS if steps else (*MONTHLY_PLANS, ("Mid-tier", "yearly"))),
        card or chance.choice(CARDS),
        trial_days,
        chance.choice(PLACES),
        chance.random() < 0.25,
    )
    first = chance.randint(0, LATEST_PURCHASE)
    buys = buy_twice if name == "double purchase" else buy
    story.actions[first] = [buys]
    for earliest, action in steps:
        day = first + earliest + (trial_days if earliest else 0) + chance.randint(0, MAX_DELAY)
        story.actions.setdefault(day, []).append(action)
    story.has_second_trouble = chance.random() < 0.3
    if story.has_second_trouble:
        story.actions.setdefault(first + chance.randint(3, 40), []).append(chance.choice(EXTRAS))
    return story


def bank(name: str) -> Steps:
    return [(3, change_card_to(f"usBankAccount_{name}"))]


FAILS = change_card_to("failsAtRenewal")
# the card ("" for any) and the actions with the earliest day after the purchase or the trial
TROUBLES: dict[str, tuple[str, Steps]] = {
    "nothing": ("", []),
    "double purchase": ("visa", []),
    "declined and pays": ("visa", [(3, FAILS), (36, pay_open_invoice)]),
    "declined for ever": ("visa", [(3, FAILS)]),
    "lost card, another card": ("visa", [(3, change_card_to("lostBeforeRenewal")), (34, change_card_to("mastercard"))]),
    "authenticates each time": ("authenticationRequired", [(33, pay_open_invoice)]),
    "pays after the end": ("visa", [(3, FAILS), (44, pay_open_invoice)]),
    "pays in two parts": ("visa", [(3, FAILS), (34, pay_in_two_parts)]),
    "pays in two parts after the end": ("visa", [(3, FAILS), (44, pay_in_two_parts)]),
    "pays a part, is given up": ("visa", [(3, FAILS), (34, pay_part), (36, give_up_invoice)]),
    "pays a part, the rest elsewhere": ("visa", [(3, FAILS), (34, pay_part), (36, pay_elsewhere)]),
    "pays elsewhere": ("visa", [(3, FAILS), (34, pay_elsewhere)]),
    "pays too much": ("visa", [(3, FAILS), (34, pay_too_much)]),
    "pays a part of a change": ("visa", [(3, change_card_to("authenticationRequired")), (6, pay_part_of_change)]),
    "debit succeeds": ("visa", bank("success")),
    "debit fails late": ("visa", bank("accountClosed")),
    "debit fails, retried": ("visa", bank("insufficientFunds")),
    "debit fails late and pays": ("visa", [*bank("accountClosed"), (43, pay_open_invoice)]),
    "debit disputed": ("visa", bank("dispute")),
    "upgrade": ("", [(5, upgrade), (20, downgrade)]),
    "upgrade authenticates": ("visa", [(3, change_card_to("authenticationRequired")), (6, upgrade), (6, pay_open_invoice)]),
    "downgrade": ("", [(5, downgrade), (38, upgrade)]),
    "credit": ("", [(5, receive_credit)]),
    "debit from before": ("visa", [(5, owe_from_before)]),
    "discount": ("visa", [(5, discount)]),
    "refund fails": ("refundFail", [(3, refund_a_part)]),
    "refund pends": ("pendingRefund", [(3, refund_a_part)]),
    "refund": ("visa", [(3, refund_a_part), (34, refund_a_part)]),
    "dispute won": ("visa", [(3, win_dispute)]),
    "dispute lost": ("visa", [(3, lose_dispute)]),
    "dispute prevented": ("visa", [(3, dispute_prevented)]),
    "inquiry escalated": ("visa", [(3, dispute_escalated)]),
    "inquiry": ("visa", [(3, inquire)]),
    "fraud warning": ("visa", [(3, warn_of_fraud)]),
    "pause": ("visa", [(8, pause), (15, resume)]),
    "pause, resumes by authentication": (
        "visa",
        [(8, pause), (9, change_card_to("authenticationRequired")), (15, resume), (18, pay_open_invoice)],
    ),
    "cancels": ("visa", [(6, cancel)]),
    "cancels at a day": ("visa", [(6, cancel_at_a_day), (18, buy)]),
    "ends now and returns": ("visa", [(6, end_now), (34, buy)]),
    "deleted customer": ("visa", [(6, delete_customer), (12, buy)]),
    "another app": ("visa", [(4, subscribe_to_another_app)]),
    "sent invoices": ("visa", [(5, be_sent_invoices), (46, pay_open_invoice)]),
}
EXTRAS: tuple[Action, ...] = (receive_credit, refund_a_part, win_dispute, inquire, discount, cancel, upgrade, FAILS)
assert max(earliest for _, steps in TROUBLES.values() for earliest, _ in steps) < DAYS - LATEST_PURCHASE - TRIAL - MAX_DELAY
