"""Transfers and exchange rates of the demo customers: the latest proposal waits, and the earlier ones are accepted."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from core import clock
from dev.demo.rows import save_checked
from finance.models import ExchangeRate, Transfer
from finance.services import accept_transfer, propose_transfers

DAYS = timedelta(days=100)
RATES = (("EUR", "USD", "1.0812"), ("GBP", "USD", "1.2655"), ("EUR", "CHF", "0.9541"))  # illustrative
MONTH = timedelta(days=30)


def load(user: Any, *, today: date) -> None:
    """Propose transfers and accept all but the latest, and store rates of three months, unless there are some."""
    if not Transfer.objects.for_user(user).exists():
        found = propose_transfers(owner=user, start=today - DAYS, end=today)
        for transfer in sorted(found, key=lambda each: (each.outgoing.transaction_date, each.outgoing_id))[:-1]:
            accept_transfer(transfer, now=clock.now())
    if not ExchangeRate.objects.for_user(user).exists():
        for months in range(3):
            for base, quote, rate in RATES:
                value = Decimal(rate) + Decimal(months) / 1_000
                save_checked(ExchangeRate(user=user, base=base, quote=quote, day=today - months * MONTH, rate=value))
