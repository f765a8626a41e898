"""Proposals of transfers: they are stored for the user, who accepts or refuses them."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max, Min, Q

from core.errors import ConflictError, DomainError
from finance.models import Category, EncryptedFinancialProfile, FinancialTransaction, StatementImport, Transfer
from finance.models.accounts import DEBTS, AccountType, masked
from finance.models.imports import RowVerdict
from finance.models.transactions import NEVER_COUNTED
from finance.models.transfers import TransferStatus
from finance.services.exchange_rates import RateTable
from finance.transfer_evidence import Movement, OwnAccount, Reader, evidence_in
from finance.transfer_pairs import propose
from finance.transfer_points import MAX_DAYS, Evidence
from users.locks import lock
from users.models import User, UserProfile

SAVINGS = (AccountType.SAVINGS, AccountType.INVESTMENT)
MAX_TRANSACTIONS = 50_000  # of one search
MARGIN = timedelta(days=MAX_DAYS)
SLICE = timedelta(days=60)  # of the period of an import
COLUMNS = ("id", "financial_profile_id", "transaction_date", "amount", "currency", "description", "reference_number")
TOO_MANY = f"The period has more than {MAX_TRANSACTIONS:,} transactions. Choose a shorter one."


@transaction.atomic
def propose_transfers(*, owner: User, start: date, end: date) -> list[Transfer]:
    """Store the best proposals of pairs with a transaction from `start` to `end`, and return the new ones.

    Proposals of the period that fit worse are deleted. Refused pairs and accepted transfers stay as they are. Raise DomainError
    if there are too many transactions, ConflictError if one is changed at the same time.
    """
    lock(f"transfers {owner.pk}")
    search = _Search(owner, start, end)
    proposals = propose(
        search.movements(),
        search.reader(),
        convert=search.rates.convert,
        quotes=search.rates.rates,
        may_pair=search.may_pair,
    )
    wanted = {(found.outgoing, found.incoming) for found in proposals}
    stale = [key for pair, key in search.open.items() if pair not in wanted]
    Transfer.objects.filter(user_id=owner.pk, pk__in=stale, status=TransferStatus.PROPOSED).delete()
    new = [
        Transfer(
            user_id=owner.pk,
            outgoing_id=found.outgoing,
            incoming_id=found.incoming,
            confidence=found.confidence,
            reasons=found.reasons,
        )
        for found in proposals
        if (found.outgoing, found.incoming) not in search.open
    ]
    try:
        with transaction.atomic():
            Transfer.objects.bulk_create(new, batch_size=1_000)
    except IntegrityError as error:
        raise ConflictError("transactions_changed", "A transaction was changed at the same time. Retry.") from error
    return new


def propose_for_import(*, owner: User, statement_import: UUID) -> int:
    """Propose transfers with the transactions of an import, and return the number of proposals."""
    record = StatementImport.objects.filter(user_id=owner.pk, pk=statement_import, undone_at=None).first()
    if record is None:
        return 0
    created = record.rows.filter(user_id=owner.pk, verdict=RowVerdict.CREATED)
    period = created.aggregate(start=Min("transaction_date"), end=Max("transaction_date"))
    number, start = 0, period["start"]
    while start is not None and start <= period["end"]:
        end = min(start + SLICE, period["end"])
        number += len(propose_transfers(owner=owner, start=start, end=end))
        start = end + timedelta(days=1)
    return number


class _Search:
    """The data of one search: the user's accounts and rates, and the pairs that are decided or outside of the period."""

    def __init__(self, owner: User, start: date, end: date) -> None:
        self.owner, self.start, self.end = owner.pk, start, end
        self.rates = RateTable(owner.pk)
        near = Q(outgoing__transaction_date__gte=start - MARGIN, outgoing__transaction_date__lte=end + MARGIN) | Q(
            incoming__transaction_date__gte=start - MARGIN, incoming__transaction_date__lte=end + MARGIN
        )
        self.open: dict[tuple[UUID, UUID], UUID] = {}
        self.refused: set[tuple[UUID, UUID]] = set()
        self.taken: set[UUID] = set()
        columns = ("pk", "status", "outgoing_id", "incoming_id", "outgoing__transaction_date", "incoming__transaction_date")
        for key, status, outgoing, incoming, *days in Transfer.objects.filter(near, user_id=owner.pk).values_list(*columns):
            if status == TransferStatus.REFUSED:
                self.refused.add((outgoing, incoming))
            elif status == TransferStatus.PROPOSED and self._is_inside(*days):
                self.open[outgoing, incoming] = key
            else:
                self.taken |= {outgoing, incoming}

    def _is_inside(self, *days: date) -> bool:
        return any(self.start <= day <= self.end for day in days)

    def may_pair(self, paid: Movement, received: Movement) -> bool:
        return (paid.id, received.id) not in self.refused and self._is_inside(paid.day, received.day)

    def movements(self) -> list[Movement]:
        """Return the transactions that may be sides of a transfer."""
        rows = FinancialTransaction.objects.filter(
            user_id=self.owner,
            financial_profile__isnull=False,
            divided_by="",
            transaction_date__gte=self.start - MARGIN,
            transaction_date__lte=self.end + MARGIN,
        ).exclude(status__in=NEVER_COUNTED)
        kinds = self._kinds_of_categories()
        columns = (*COLUMNS, "merchant_name", "payee", "transaction_type", "category")
        found: list[tuple[Any, ...]] = list(
            rows.order_by("transaction_date", "pk").values_list(*columns)[: MAX_TRANSACTIONS + 1]
        )
        if len(found) > MAX_TRANSACTIONS:
            raise DomainError("too_many_transactions", TOO_MANY, field="from")
        return [
            Movement(key, account, day, amount, currency, (text, reference), merchant or payee, kind, kinds.get(category, ""))
            for key, account, day, amount, currency, text, reference, merchant, payee, kind, category in found
            if key not in self.taken
        ]

    def reader(self) -> Reader:
        accounts = EncryptedFinancialProfile.objects.filter(user_id=self.owner)
        names = UserProfile.objects.filter(user_id=self.owner).values_list("first_name", "last_name")
        return Reader(map(_own_account, accounts), (" ".join(each) for each in names))

    def _kinds_of_categories(self) -> dict[str, str]:
        """Return the kind of each category by its slug: `transfer` also for a name such as “Transfers” from an import."""
        categories = Category.objects.filter(user_id=self.owner).values_list("slug", "name", "kind")
        moving = {Evidence.OWN_TRANSFER_WORDS, Evidence.TRANSFER_WORDS}
        return {slug: "transfer" if moving & evidence_in(name) else kind for slug, name, kind in categories}


def _own_account(account: EncryptedFinancialProfile) -> OwnAccount:
    digits = masked(lambda: account.account_number).strip("•")
    return OwnAccount(
        account.pk,
        account.profile_name,
        account.institution_name,
        digits.lower(),
        is_debt=account.profile_type in DEBTS,
        is_savings=account.profile_type in SAVINGS,
    )
