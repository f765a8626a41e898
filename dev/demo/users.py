"""The users of `manage.py demo`: staff members of each role and three customers."""

import time
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from allauth.mfa.app_settings import TOTP_PERIOD
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.db import transaction

from core import rls
from dev.demo.rows import save_checked
from users import services, staff_groups
from users.models import OnboardingProgress, User, UserProfile
from users.roles import ADMINISTRATOR, ROLES

PASSWORD = "penny-wise-42"
ADMIN_EMAIL, SUPPORT_EMAIL, BILLING_EMAIL = "admin@mingus.example", "support@mingus.example", "billing@mingus.example"
# the TOTP secret of all staff members, whose current code `manage.py demo_code` prints
FACTOR_SECRET = "MINGUSDEMOMINGUSDEMOMINGUSDEMO22"


@dataclass(frozen=True)
class StaffMember:
    email: str
    role: str


@dataclass(frozen=True)
class DemoCustomer:
    """A customer. `profile` has the fields of UserProfile, `answers` the data of the completed onboarding steps."""

    email: str
    profile: dict[str, Any]
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)


STAFF = tuple(
    StaffMember(f"{name}@mingus.example", role)
    for name, role in (
        ("admin", ADMINISTRATOR),
        ("admin2", ADMINISTRATOR),  # approves what the first one requests
        *((name, name) for name in ROLES if name != ADMINISTRATOR),
    )
)

ALICE = DemoCustomer(
    "alice@mingus.example",
    {
        "first_name": "Alice",
        "last_name": "Archer",
        "date_of_birth": date(1991, 5, 14),
        "phone_number": "+12125550142",
        "address_line_1": "241 West 23rd Street, Apt 5C",
        "city": "New York",
        "state": "NY",
        "zip_code": "10011",
        "country": "US",
        "timezone": "America/New_York",
        "dependents": 0,
        "marital_status": "single",
        "household_size": 1,
        "annual_income": Decimal("118000.00"),
        "income_source": "Salary",
        "employment_status": "employed",
        "education_level": "master",
        "occupation": "Product manager",
        "industry": "Software",
        "years_of_experience": 10,
        "company_name": "Larkspur Software",
        "company_size": "250-999",
        "job_title": "Senior product manager",
        "naics_code": "513210",
        "risk_tolerance": "moderate",
        "financial_goals": ["Save six months of expenses", "Pay off student loan by 2029"],
        "preferences": {"theme": "light", "weekly_summary": True},
    },
    {
        "profile": {},
        "income": {"source": "salary", "every": "two weeks"},
        "expenses": {"largest": "rent"},
        "accounts": {"linked": 5},
        "goals": {"first": "emergency fund"},
        "plan": {"chosen": "free"},
    },
)

BOB = DemoCustomer(
    "bob@mingus.example",
    {
        "first_name": "Bob",
        "last_name": "Baker",
        "date_of_birth": date(1984, 2, 29),
        "phone_number": "+13125550187",
        "address_line_1": "3917 North Damen Avenue",
        "city": "Chicago",
        "state": "IL",
        "zip_code": "60618",
        "country": "US",
        "timezone": "America/Chicago",
        "dependents": 2,
        "marital_status": "married",
        "household_size": 4,
        "annual_income": Decimal("86500.00"),
        "income_source": "Own business",
        "employment_status": "self_employed",
        "education_level": "associate",
        "occupation": "Electrician",
        "industry": "Construction",
        "years_of_experience": 19,
        "company_name": "Baker Electric",
        "company_size": "1-9",
        "job_title": "Owner",
        "naics_code": "238210",
        "risk_tolerance": "conservative",
        "financial_goals": ["Buy a new van", "College fund for both kids"],
    },
    {"profile": {}, "income": {"source": "invoices", "every": "irregular"}, "accounts": {"linked": 5}},
)

CHIARA = DemoCustomer(
    "chiara@mingus.example",
    {
        "first_name": "Chiara",
        "last_name": "Conti",
        "date_of_birth": date(1997, 11, 3),
        "phone_number": "+390655501234",
        "address_line_1": "Via dei Serpenti 86",
        "city": "Roma",
        "zip_code": "00184",
        "country": "IT",
        "timezone": "Europe/Rome",
        "dependents": 0,
        "marital_status": "domestic_partnership",
        "household_size": 2,
        "annual_income": Decimal("27800.00"),
        "income_source": "Stipendio",
        "employment_status": "contract",
        "education_level": "bachelor",
        "occupation": "Translator",
        "industry": "Publishing",
        "years_of_experience": 4,
        "company_name": "Edizioni Ginestra",
        "company_size": "10-49",
        "job_title": "Translator",
        "naics_code": "541930",
        "risk_tolerance": "moderate",
        "financial_goals": ["A month in Lisbon"],
    },
    {
        "profile": {},
        "income": {"source": "salary", "every": "month"},
        "expenses": {"largest": "rent"},
        "accounts": {"linked": 3},
    },
)

CUSTOMERS = (ALICE, BOB, CHIARA)


@transaction.atomic
def load_staff() -> None:
    """Create the staff members, with the published second factor."""
    for member in STAFF:
        user = _account(member.email)
        staff_groups.assign_role(user, member.role)
        with rls.as_accounts():
            Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).delete()
            TOTP.activate(user, FACTOR_SECRET)


def code_now() -> tuple[str, int]:
    """Return the current two-factor code of the staff members, and the number of seconds for which it is valid."""
    counter = next(yield_hotp_counters_from_time())
    return format_hotp_value(hotp_value(FACTOR_SECRET, counter)), (counter + 1) * TOTP_PERIOD - int(time.time())


@transaction.atomic
def load_customer(customer: DemoCustomer) -> User:
    """Create a user with a verified email address, a complete profile and completed steps. Existing rows stay."""
    user = _account(customer.email)
    profile = UserProfile.objects.get(user=user)
    if not profile.first_name:
        for name, value in customer.profile.items():
            setattr(profile, name, value)
        save_checked(profile)
    for step in OnboardingProgress.objects.for_user(user).filter(step_name__in=customer.answers, is_completed=False):
        step.step_data = customer.answers[step.step_name]
        step.save(update_fields=["step_data"])
        step.complete()
    return user


def _account(email: str) -> User:
    """Return the user of `email`, created as at sign-up, with the password reset to PASSWORD."""
    user = User.objects.filter(email=email).first() or User(email=email)
    if not user.check_password(PASSWORD):
        user.set_password(PASSWORD)
        services.create_account(user)
    services.verify_email_by_staff(user)
    return user
