"""Profiles, with the data that forecasts, projections and the calendar need."""

import re
from datetime import date, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Now, TruncDate

from core.models.base import OwnedModel, gin
from core.models.constraints import rule
from core.models.fields import BoundedIntegerField, ChoiceField, JSONListField, JSONObjectField
from core.models.money import MoneyField
from core.privacy.declarations import own
from core.privacy.masks import ending, initials, personal
from users.models import reference
from users.models.regional_settings import RegionalSettings

TABLE = "users_userprofile"
COMPLETE_NEEDS = ("first_name", "last_name", "zip_code", "annual_income", "industry")
COUNTED = (*COMPLETE_NEEDS, "job_title", "education_level", "marital_status", "dependents")


RULES: list[models.BaseConstraint] = [
    rule(
        f"{TABLE}_date_of_birth_past",
        Q(date_of_birth__gte=date(1880, 1, 1)) & Q(date_of_birth__lte=TruncDate(Now()) + timedelta(days=1)),
        "Must not be in the future, nor before 1880.",
    ),
    *(
        rule(f"{TABLE}_{name}_trimmed", Q(**{f"{name}__regex": r"^(\S(.*\S)?)?$"}), "Must not begin or end with white space.")
        for name in ("first_name", "last_name", "zip_code")
    ),
    rule(
        f"{TABLE}_zip_code_us",
        ~Q(country="US") | Q(zip_code="") | Q(zip_code__regex=r"^[0-9]{5}(-[0-9]{4})?$"),
        "A US ZIP code has five digits, or five and four: 12345 or 12345-6789.",
    ),
    rule(f"{TABLE}_phone_number_e164", Q(phone_number="") | Q(phone_number__regex=r"^\+[1-9][0-9]{6,14}$"), "Use E.164."),
    rule(
        f"{TABLE}_timezone_iana",
        Q(Func(F("timezone"), function="users_is_timezone", output_field=models.BooleanField())),
        "Use an IANA timezone such as America/New_York.",
    ),
    rule(f"{TABLE}_locale_bcp_47", Q(locale__regex=reference.LOCALE.pattern), reference.EXPECTED_LOCALE),
    rule(f"{TABLE}_country_iso_3166", Q(country__regex=r"^[A-Z]{2}$"), "Use an ISO 3166-1 code such as US."),
    rule(
        f"{TABLE}_naics_code_sector",
        Q(naics_code="") | Q(naics_code__regex=f"^({'|'.join(reference.NAICS_SECTORS)})[0-9]{{0,4}}$"),
        "Use 2 to 6 digits that begin with a NAICS sector.",
    ),
]


PERSONAL = personal(
    "date_of_birth",
    "gender",
    "address_line_1",
    "address_line_2",
    "city",
    "state",
    "zip_code",
    "marital_status",
    "dependents",
    "household_size",
    "annual_income",
    "income_source",
    "employment_status",
    "education_level",
    "occupation",
    "industry",
    "years_of_experience",
    "company_name",
    "company_size",
    "job_title",
    "naics_code",
    "risk_tolerance",
    "financial_goals",
    "preferences",
    first_name=initials,
    last_name=initials,
    phone_number=ending,
)


class UserProfile(RegionalSettings, OwnedModel):
    """A customer's name, address, household and work. Each account has one from the start, with empty names and ZIP code."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="profile", editable=False)
    first_name = models.CharField(max_length=100, blank=True, help_text="Given name. Empty until the user enters it.")
    last_name = models.CharField(max_length=100, blank=True, help_text="Family name. Empty until the user enters it.")
    date_of_birth = models.DateField(null=True, blank=True, help_text="From 1880 to the user's present day. Null: unknown.")
    gender = models.CharField(max_length=20, blank=True, help_text="In the user's own words. May be empty.")
    phone_number = models.CharField(max_length=20, blank=True, help_text="E.164, such as +12125550123, or a national number.")
    address_line_1 = models.CharField(max_length=255, blank=True, help_text="Street and number. May be empty.")
    address_line_2 = models.CharField(max_length=255, blank=True, help_text="Such as an apartment or a floor. May be empty.")
    city = models.CharField(max_length=100, blank=True, help_text="City or town of the address. May be empty.")
    state = models.CharField(max_length=50, blank=True, help_text="State, province or region, as free text. May be empty.")
    zip_code = models.CharField(
        max_length=10, blank=True, help_text="Postal code, in the US 12345 or 12345-6789. Empty until the user enters it."
    )
    country = models.CharField(max_length=2, default="US", validators=[reference.is_country], help_text="ISO 3166; default US.")
    dependents = BoundedIntegerField(min=0, null=True, blank=True, help_text="Number of dependents, 0 if none. Null: unknown.")
    marital_status = ChoiceField(reference.MaritalStatus, max_length=20, blank=True, help_text="Empty: not stated.")
    household_size = BoundedIntegerField(min=1, default=1, help_text="Number of people in the household. Default: 1.")
    annual_income = MoneyField(
        currency=None, min=0, null=True, blank=True, help_text="Yearly income. 0 if there is none. Null: unknown."
    )
    income_source = models.CharField(max_length=100, blank=True, help_text="Free text, such as salary.")
    employment_status = ChoiceField(
        reference.EmploymentStatus, max_length=50, blank=True, help_text="Present situation at work. Empty: unknown."
    )
    education_level = ChoiceField(reference.EducationLevel, max_length=50, blank=True)
    occupation = models.CharField(max_length=100, blank=True, help_text="Free text, such as nurse. May be empty.")
    industry = models.CharField(max_length=100, blank=True, help_text="Free text, such as software.")
    years_of_experience = BoundedIntegerField(
        min=0, null=True, blank=True, help_text="Whole years of work experience. Null: unknown."
    )
    company_name = models.CharField(max_length=255, blank=True, help_text="Name of the employer. May be empty.")
    company_size = ChoiceField(reference.CompanySize, max_length=50, blank=True, help_text="Number of employees.")
    job_title = models.CharField(max_length=100, blank=True, help_text="Free text, such as team lead. May be empty.")
    naics_code = models.CharField(max_length=6, blank=True, validators=[reference.is_naics_code], help_text="2 to 6 digits.")
    risk_tolerance = ChoiceField(
        reference.RiskTolerance,
        max_length=20,
        default=reference.RiskTolerance.MODERATE,
        help_text="Readiness to take risks with money. Default: moderate.",
    )
    financial_goals = JSONListField(help_text="Goals in any format, as a JSON list.")
    preferences = JSONObjectField(help_text="Settings of the client, as a JSON object.")

    privacy = own("the customer's name, address, household and work", is_replaced=True)
    personal_fields = PERSONAL
    derived = ("full_name", "age", "is_complete", "profile_completion_percentage", "onboarding_completed")

    class Meta(OwnedModel.Meta):
        constraints = RULES
        indexes = [gin("users_profile", "financial_goals"), gin("users_profile", "preferences")]

    def __str__(self) -> str:
        return self.full_name or "(no name)"

    def clean(self) -> None:
        """Strip the names, convert the phone number to E.164, and validate rules for more than one field."""
        super().clean()
        self.first_name, self.last_name = self.first_name.strip(), self.last_name.strip()
        self.phone_number = reference.as_e164(self.phone_number, self.country)
        if self.country == "US" and self.zip_code and not re.fullmatch(r"[0-9]{5}(-[0-9]{4})?", self.zip_code):
            raise ValidationError({"zip_code": "A US ZIP code has five digits, or five and four: 12345 or 12345-6789."})
        if self.date_of_birth and self.date_of_birth > self.today():
            raise ValidationError({"date_of_birth": "Must not be in the future."})

    def save(self, *args: object, **kwargs: object) -> None:
        self.phone_number = reference.as_e164(self.phone_number, self.country)
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def age(self) -> int | None:
        """Age in whole years in the user's time zone. A birthday on 29 February counts on 1 March in other years."""
        if self.date_of_birth is None:
            return None
        today, born = self.today(), self.date_of_birth
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day))

    @property
    def is_complete(self) -> bool:
        """True if all fields that the projections require are filled in."""
        return all(self._is_filled(name) for name in COMPLETE_NEEDS)

    @property
    def profile_completion_percentage(self) -> int:
        """Share of nine fields that are filled in, in percent, 0 to 100, rounded down."""
        return 100 * sum(self._is_filled(name) for name in COUNTED) // len(COUNTED)

    def _is_filled(self, name: str) -> bool:
        return getattr(self, name) not in (None, "")  # 0 is a value

    @property
    def onboarding_completed(self) -> bool:
        """True if there are onboarding steps and all are completed."""
        steps = list(self.user.onboardingprogress_set.values_list("is_completed", flat=True))
        return bool(steps) and all(steps)
