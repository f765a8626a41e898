"""Reference data for profiles: choices, and codes defined by standards."""

import locale
import re
import zoneinfo
from functools import cache

import phonenumbers
from django.conf.locale import LANG_INFO
from django.core.exceptions import ValidationError
from django.db import models

# First two digits of the 20 sectors of NAICS 2022 (US Census Bureau); 31-33, 44-45 and 48-49 are one sector each.
NAICS_SECTORS = (
    "11 21 22 23 31 32 33 42 44 45 48 49 51 52 53 54 55 56 61 62 71 72 81 92".split()  # noqa: SIM905 - reads as a table
)

LOCALE = re.compile(r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$")
EXPECTED_LOCALE = "Use a BCP 47 tag of a language, and optionally its script and region, such as en, de-AT or zh-Hant-TW."


class MaritalStatus(models.TextChoices):
    SINGLE = "single"
    MARRIED = "married"
    DOMESTIC_PARTNERSHIP = "domestic_partnership"
    SEPARATED = "separated"
    DIVORCED = "divorced"
    WIDOWED = "widowed"


class EmploymentStatus(models.TextChoices):
    EMPLOYED = "employed"
    SELF_EMPLOYED = "self_employed"
    PART_TIME = "part_time"
    CONTRACT = "contract"
    UNEMPLOYED = "unemployed"
    STUDENT = "student"
    RETIRED = "retired"


class EducationLevel(models.TextChoices):
    LESS_THAN_HIGH_SCHOOL = "less_than_high_school"
    HIGH_SCHOOL = "high_school"
    SOME_COLLEGE = "some_college"
    ASSOCIATE = "associate"
    BACHELOR = "bachelor"
    MASTER = "master"
    PROFESSIONAL = "professional"
    DOCTORATE = "doctorate"


class CompanySize(models.TextChoices):
    MICRO = "1-9", "1-9"
    SMALL = "10-49", "10-49"
    MEDIUM = "50-249", "50-249"
    LARGE = "250-999", "250-999"
    VERY_LARGE = "1000+", "1000+"


class FirstDayOfWeek(models.TextChoices):
    MONDAY = "monday"
    SUNDAY = "sunday"
    SATURDAY = "saturday"


class RiskTolerance(models.TextChoices):
    CONSERVATIVE = "conservative"
    MODERATE = "moderate"
    AGGRESSIVE = "aggressive"


@cache
def country_codes() -> frozenset[str]:
    """Return libphonenumber's list of ISO 3166-1 alpha-2 codes: the territories with telephone numbers."""
    return frozenset(phonenumbers.SUPPORTED_REGIONS)


def is_country(code: str) -> None:
    """Raise ValidationError unless `code` is an ISO 3166-1 alpha-2 country."""
    if code not in country_codes():
        raise ValidationError("%(code)s is not an ISO 3166-1 country code such as US.", "unknown_country", {"code": code})


@cache
def timezones() -> frozenset[str]:
    """Return the zones of the IANA database, without a machine's local names, which PostgreSQL does not know."""
    return frozenset(zoneinfo.available_timezones() - {"localtime", "Factory", "posixrules"})


def is_timezone(name: str) -> None:
    """Raise ValidationError unless `name` is an IANA time zone."""
    if name not in timezones():
        raise ValidationError("%(name)s is not an IANA timezone such as America/New_York.", "unknown_zone", {"name": name})


@cache
def languages() -> frozenset[str]:
    """Return the ISO 639 codes of the languages that Django or Python knows."""
    known = {*LANG_INFO, *locale.locale_alias.values()}
    return frozenset(re.split(r"[-_.@]", name)[0] for name in known)


def is_locale(tag: str) -> None:
    """Raise ValidationError unless `tag` is a BCP 47 tag of a known language and region, without further subtags."""
    language, _, further = tag.partition("-")
    region = further.rpartition("-")[2]
    is_known = language in languages() and (len(region) != 2 or region in country_codes())
    if not LOCALE.fullmatch(tag) or not is_known:
        raise ValidationError(f"%(tag)s is unknown. {EXPECTED_LOCALE}", "unknown_locale", {"tag": tag})


def is_naics_code(code: str) -> None:
    """Raise ValidationError unless `code` has 2 to 6 digits and begins with a NAICS sector."""
    if not (code.isascii() and code.isdigit() and 2 <= len(code) <= 6 and code[:2] in NAICS_SECTORS):
        raise ValidationError("Use 2 to 6 digits that begin with a NAICS sector, such as 541512.", "unknown_industry")


def as_e164(number: str, country: str) -> str:
    """Return a phone number as E.164 (+15551234567). `country` applies if it has no country code; '' stays ''.

    Raises ValidationError at `phone_number` if the number is invalid.
    """
    if not number.strip():
        return ""
    try:
        parsed = phonenumbers.parse(number, country or "US")
    except phonenumbers.NumberParseException:
        parsed = None
    if parsed is None or not phonenumbers.is_valid_number(parsed):
        raise ValidationError({"phone_number": "Not a valid phone number. Write it like +1 212 555 0123."})
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
