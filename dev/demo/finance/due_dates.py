"""Due dates of the demo customers, and the payments that their transactions show."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from decimal import Decimal as D  # noqa: N817 - keeps the tables below readable
from typing import Any

from dev.demo.rows import save_checked
from finance import recurrence
from finance.models import FinancialTransaction, UserExpenseDueDate, UserIncomeDueDate
from finance.models.categories import CategoryKind
from finance.models.due_dates import DueDate
from finance.services import record_payment
from finance.services.names import resolve_categories

SHOWN = timedelta(days=150)  # the first due date is about that long ago


@dataclass(frozen=True)
class PlannedDueDate:
    """A due date. `first` is any day of its series, `merchant` the merchant of its transactions ("": no transactions).

    The newest past occurrence stays unpaid if `is_open`, and is paid partially if there is a `part`.
    """

    name: str
    amount: Decimal
    frequency: str
    first: date
    merchant: str = ""
    category: str = ""
    is_essential: bool = True
    auto_pay: bool = False
    is_recurring: bool = True
    is_open: bool = False
    part: Decimal | None = None


@dataclass(frozen=True)
class DueDatePlan:
    income: tuple[PlannedDueDate, ...]
    expenses: tuple[PlannedDueDate, ...]


ALICE = DueDatePlan(
    income=(
        PlannedDueDate("Salary, Larkspur Software", D("2874.60"), "biweekly", date(2025, 1, 3), "Larkspur Software"),
        PlannedDueDate("Savings interest", D("31.40"), "monthly", date(2025, 1, 28), "Harbor Example Bank"),
        PlannedDueDate("Dividend, index fund", D("118.00"), "quarterly", date(2025, 1, 31), part=D("60.00")),
    ),
    expenses=(
        PlannedDueDate("Rent", D("2450.00"), "monthly", date(2025, 1, 1), "Chelsea Homes", "rent", auto_pay=True),
        PlannedDueDate(
            "Electricity and gas", D("96.00"), "monthly", date(2025, 1, 12), "Metro Electric & Gas", "utilities", is_open=True
        ),
        PlannedDueDate("Internet", D("70.00"), "monthly", date(2025, 1, 15), "Lightline Internet", "utilities", auto_pay=True),
        PlannedDueDate("Mobile phone", D("55.00"), "monthly", date(2025, 1, 20), "Bluebird Mobile", "phone", auto_pay=True),
        PlannedDueDate("Gym", D("89.00"), "monthly", date(2025, 1, 3), "Forge Gym", "fitness", is_essential=False),
        PlannedDueDate("Renter's insurance", D("214.00"), "yearly", date(2025, 9, 14), category="insurance"),
    ),
)

BOB = DueDatePlan(
    income=(
        PlannedDueDate("Lincoln Square Builders", D("1930.00"), "biweekly", date(2025, 1, 8), "Lincoln Square Builders"),
        PlannedDueDate("Residential jobs", D("1480.00"), "biweekly", date(2025, 1, 14), "Residential customers", is_open=True),
    ),
    expenses=(
        PlannedDueDate("Childcare", D("640.00"), "monthly", date(2025, 1, 1), "Little Oaks", "childcare", auto_pay=True),
        PlannedDueDate("Electricity", D("148.00"), "monthly", date(2025, 1, 6), "Lake Power", "utilities"),
        PlannedDueDate("Water", D("64.00"), "monthly", date(2025, 1, 9), "City Water", "utilities"),
        PlannedDueDate("Internet", D("85.00"), "monthly", date(2025, 1, 17), "Lightline Internet", "utilities", auto_pay=True),
        PlannedDueDate("Car insurance", D("231.00"), "monthly", date(2025, 1, 21), "Steady Mutual", "insurance", auto_pay=True),
        PlannedDueDate("Business insurance", D("119.00"), "monthly", date(2025, 1, 13), "Trade Cover", "insurance"),
        PlannedDueDate(
            "Piano lessons", D("60.00"), "semimonthly", date(2025, 1, 15), "", "children", is_essential=False, part=D("25.00")
        ),
    ),
)

CHIARA = DueDatePlan(
    income=(
        PlannedDueDate("Stipendio, Edizioni Ginestra", D("1612.00"), "monthly", date(2025, 1, 27), "Edizioni Ginestra"),
        PlannedDueDate(
            "Traduzione, Studio Aurelia", D("340.00"), "monthly", date(2025, 1, 14), is_recurring=False, part=D("170.00")
        ),
    ),
    expenses=(
        PlannedDueDate("Affitto", D("560.00"), "monthly", date(2025, 1, 3), "Affitto Via dei Serpenti", "rent"),
        PlannedDueDate("Abbonamento ATAC", D("35.00"), "monthly", date(2025, 1, 1), "Trasporti Roma, abbonamento", "transport"),
        PlannedDueDate("Fibra", D("24.90"), "monthly", date(2025, 1, 16), "Fibra Veloce", "utilities", auto_pay=True),
        PlannedDueDate(
            "Cellulare", D("7.99"), "monthly", date(2025, 1, 8), "Mobile Chiaro", "phone", auto_pay=True, is_open=True
        ),
        PlannedDueDate("Corso di portoghese", D("15.00"), "weekly", date(2025, 1, 7), "", "education", is_essential=False),
    ),
)

DUE_DATE_PLANS = {"alice@mingus.example": ALICE, "bob@mingus.example": BOB, "chiara@mingus.example": CHIARA}


def load(user: Any, *, currency: str, today: date) -> None:
    """Create the due dates of `user` unless they exist, and record the payments that the transactions show."""
    for due in DUE_DATE_PLANS[user.email].income:
        found = UserIncomeDueDate.objects.for_user(user).filter(income_source=due.name).first()
        _record_payments(found or _new(UserIncomeDueDate(user=user, income_source=due.name), due, currency, today), due, today)
    for due in DUE_DATE_PLANS[user.email].expenses:
        found = UserExpenseDueDate.objects.for_user(user).filter(expense_name=due.name).first()
        new = UserExpenseDueDate(
            user=user,
            expense_name=due.name,
            expense_category=resolve_categories(user.pk, {due.category: CategoryKind.EXPENSE})[due.category],
            is_essential=due.is_essential,
            auto_pay_enabled=due.auto_pay,
        )
        _record_payments(found or _new(new, due, currency, today), due, today)


def _new(row: DueDate, due: PlannedDueDate, currency: str, today: date) -> DueDate:
    row.expected_amount, row.currency, row.frequency, row.is_recurring = due.amount, currency, due.frequency, due.is_recurring
    row.due_date = recurrence.next_after(due.first, due.frequency, today - SHOWN)
    return save_checked(row, exclude=["user"])


def _record_payments(row: DueDate, due: PlannedDueDate, today: date) -> None:
    """Record payments of all occurrences before today, except of the newest if it stays unpaid or is paid partially."""
    past = list(recurrence.occurrences(row.due_date, row.frequency, row.due_date, today - timedelta(days=1)))
    past = past if row.is_recurring else past[:1]
    unpaid = 1 if due.is_open or due.part else 0
    for day in past[: len(past) - unpaid]:
        if row.next_occurrence is not None and day >= row.next_occurrence:
            record_payment(row, today=today, occurrence=day, transaction=_transaction(row, due, day), paid_on=day, in_full=True)
    if due.part and past and row.next_occurrence == past[-1] and row.status != "partial":
        record_payment(row, today=today, amount=due.part, paid_on=past[-1])


def _transaction(row: DueDate, due: PlannedDueDate, day: date) -> FinancialTransaction | None:
    """Return the merchant's transaction on that day, None if there is none."""
    transactions = FinancialTransaction.objects.for_user(row.user).filter(merchant_name=due.merchant, transaction_date=day)
    is_income = isinstance(row, UserIncomeDueDate)
    return transactions.filter(**{"amount__gt" if is_income else "amount__lt": 0}).first() if due.merchant else None
