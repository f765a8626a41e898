"""The kinds of evidence that two transactions are a transfer between own accounts, and their points.

The points are log-odds: their sum with `BASE` is the confidence in logistic form, 0 points are 0.5. They were chosen by hand,
and tested on statements as banks of several countries write them; they are estimates and no measured frequencies.
"""

from enum import StrEnum


class Evidence(StrEnum):
    EQUAL_AMOUNT = "equal_amount"
    ODD_AMOUNT = "odd_amount"
    SMALLER_AMOUNT = "smaller_amount"
    CONVERTED_AMOUNT = "converted_amount"
    DAYS_APART = "days_apart"
    EARLIER_ARRIVAL = "earlier_arrival"
    ONLY_CANDIDATE = "only_candidate"
    REGULAR_PAIR = "regular_pair"
    SAVINGS_ACCOUNT = "savings_account"
    REPAYMENT = "repayment"
    OWN_TRANSFER_WORDS = "own_transfer_words"
    TRANSFER_WORDS = "transfer_words"
    CARD_PAYMENT_WORDS = "card_payment_words"
    OTHER_ACCOUNT = "other_account"
    OTHER_INSTITUTION = "other_institution"
    OWN_NAME = "own_name"
    SAME_NAME = "same_name"
    SAME_REFERENCE = "same_reference"
    TRANSFER_CATEGORY = "transfer_category"
    TRANSFER_TYPE = "transfer_type"
    NO_NAME = "no_name"
    PURCHASE_WORDS = "purchase_words"
    REFUND_WORDS = "refund_words"
    EARNINGS_WORDS = "earnings_words"
    BILL_WORDS = "bill_words"
    PAYBACK_WORDS = "payback_words"
    PAYMENT_BETWEEN_PEOPLE = "payment_between_people"
    OTHER_NAME = "other_name"
    OTHER_WORDS = "other_words"
    OTHER_CATEGORY = "other_category"
    REFUND_TYPE = "refund_type"
    REPEATED_PAYMENT = "repeated_payment"


POINTS = {
    Evidence.EQUAL_AMOUNT: 1.0,
    Evidence.ODD_AMOUNT: 0.4,
    Evidence.SMALLER_AMOUNT: -0.5,
    Evidence.CONVERTED_AMOUNT: 0.2,
    Evidence.EARLIER_ARRIVAL: -0.5,
    Evidence.ONLY_CANDIDATE: 0.5,
    Evidence.REGULAR_PAIR: 0.8,
    Evidence.SAVINGS_ACCOUNT: 0.7,
    Evidence.REPAYMENT: 1.0,
    Evidence.OWN_TRANSFER_WORDS: 2.5,
    Evidence.TRANSFER_WORDS: 0.9,
    Evidence.CARD_PAYMENT_WORDS: 2.2,
    Evidence.OTHER_ACCOUNT: 2.5,
    Evidence.OTHER_INSTITUTION: 1.5,
    Evidence.OWN_NAME: 2.0,
    Evidence.SAME_NAME: 1.5,
    Evidence.SAME_REFERENCE: 3.5,
    Evidence.TRANSFER_CATEGORY: 2.5,
    Evidence.TRANSFER_TYPE: 1.5,
    Evidence.NO_NAME: 0.4,
    Evidence.PURCHASE_WORDS: -3.0,
    Evidence.REFUND_WORDS: -3.0,
    Evidence.EARNINGS_WORDS: -3.0,
    Evidence.BILL_WORDS: -2.0,
    Evidence.PAYBACK_WORDS: -2.0,
    Evidence.PAYMENT_BETWEEN_PEOPLE: -1.2,
    Evidence.OTHER_NAME: -1.8,
    Evidence.OTHER_WORDS: -0.5,  # for each word
    Evidence.OTHER_CATEGORY: -2.5,
    Evidence.REFUND_TYPE: -2.0,
    Evidence.REPEATED_PAYMENT: -1.2,
}
BASE = -2.3
BY_DAYS = (0.6, 0.5, 0.3, 0.0, -0.3, -0.6)
MAX_DAYS = len(BY_DAYS) - 1
ODD_MULTIPLE = 5  # amounts that are no multiple of 5 units are seldom equal by chance
SECOND = 0.5  # the weight of the same evidence on the other transaction
