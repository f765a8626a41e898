"""How somebody felt on a day, in his own words and numbers."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, F, Func, Q, Value
from django.db.models.functions import Cast, Coalesce, Now, NullIf, TruncDate
from django.db.models.lookups import GreaterThanOrEqual, IsNull

from core.models.base import OwnedModel, OwnedQuerySet, gin
from core.models.constraints import between, json_shape, rule
from core.models.fields import decimal_within, optional_number
from core.models.validators import FIRST_DAY, validate_json_list
from core.postgres.expressions import first_of
from core.privacy.declarations import own
from core.privacy.masks import personal
from health import wellness

TABLE = "health_userhealthcheckin"
MAX_MINUTES_PER_DAY = 24 * 60

# Each item that is no text, or a text of nothing but the characters that Python's str.strip() takes for white space.
# `strict` keeps PostgreSQL from looking into lists within the list.
NO_TEXT = (
    r'strict $[*] ? (@.type() != "string" || @ like_regex "^[\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a'
    r'\u2028\u2029\u202f\u205f\u3000]*$")'
)


class WellnessLevel(models.TextChoices):
    EXCELLENT = "excellent"
    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


def holds_texts(items: Any) -> None:
    """Raise unless every item of a JSON list is a text with something in it."""
    if isinstance(items, list) and not all(isinstance(item, str) and item.strip() for item in items):
        raise ValidationError('Every item must be a text such as "headache", and not empty.', "not_texts")


def texts() -> models.JSONField[Any, Any]:
    """A JSON list of texts."""
    return models.JSONField(default=list, blank=True, validators=[validate_json_list, holds_texts])


def only_texts(field: str) -> models.CheckConstraint:
    """The database's half of `holds_texts`; a value that is no list at all is `json_shape`'s matter."""
    found = Func(
        F(field),
        Value(NO_TEXT),
        template="jsonb_path_exists(%(expressions)s::jsonpath, '{}', true)",
        output_field=models.BooleanField(),
    )
    return rule(f"{TABLE}_{field}_texts", ~Q(found), "Every item must be a text, and not empty.")


def points(bands: tuple[wellness.Band, ...], field: str) -> Case:
    """`wellness.points_in` for a column."""
    conditions = [
        (Q(**{f"{field}__gte": band.low}) & (Q() if band.high is None else Q(**{f"{field}__lte": band.high})), band.points)
        for band in bands
    ]
    unanswered = (Q(**{f"{field}__isnull": True}), None)
    return first_of(unanswered, *conditions, default=wellness.OTHERWISE, output_field=models.IntegerField())


def score() -> Func:
    """`wellness.score`: PostgreSQL's round() of a numeric takes halves away from 0 too."""
    parts = (
        F("mood_score"),
        wellness.REVERSED_STRESS - F("stress_level"),
        points(wellness.SLEEP_HOURS, "sleep_hours"),
        points(wellness.EXERCISE_MINUTES, "exercise_minutes"),
        points(wellness.WATER_OUNCES, "water_intake_oz"),
    )
    total = sum((Coalesce(part, 0, output_field=models.IntegerField()) for part in parts), Value(0))
    number = Func(*parts, function="num_nonnulls", output_field=models.IntegerField())
    mean = Cast(total, models.DecimalField(max_digits=20, decimal_places=10)) / NullIf(number, 0)
    kind = models.DecimalField(max_digits=3, decimal_places=1)
    return Func(mean, Value(1), function="round", output_field=kind)


def level() -> Case:
    """`wellness.level` of the score."""
    known = [(Q(GreaterThanOrEqual(score(), least)), name) for name, least in wellness.LEVELS]
    unknown = (Q(IsNull(score(), True)), None)
    kind = models.CharField(choices=WellnessLevel.choices)
    return first_of(unknown, *known, default=wellness.LOWEST_LEVEL, output_field=kind)


class CheckinQuerySet(OwnedQuerySet):
    """Check-ins."""

    def in_days(self, first: date, last: date) -> "CheckinQuerySet":
        """Those from `first` to `last`, both inclusive."""
        return self.filter(checkin_date__range=(first, last))


class UserHealthCheckin(OwnedModel):
    """One day's check-in. A question that was left out is NULL; 0 is an answer."""

    checkin_date = models.DateField()
    mood_score = optional_number(1, 10)
    stress_level = optional_number(1, 10)
    sleep_hours = decimal_within(3, 1, Decimal(0), Decimal(24))
    exercise_minutes = optional_number(0, MAX_MINUTES_PER_DAY)
    water_intake_oz = optional_number(0)
    medication_taken = models.BooleanField(null=True, blank=True)
    symptoms = texts()
    wellness_activities = texts()
    notes = models.TextField(blank=True)

    privacy = own("how he felt on a day")
    personal_fields = personal(
        "mood_score",
        "stress_level",
        "sleep_hours",
        "exercise_minutes",
        "water_intake_oz",
        "medication_taken",
        "symptoms",
        "wellness_activities",
        "notes",
    )
    derived = ("wellness_score", "wellness_level")

    class Meta(OwnedModel.Meta):
        verbose_name = "check-in"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "checkin_date"],
                name=f"{TABLE}_checkin_date_unique",
                violation_error_message="You have already checked in on this day. Change that check-in instead.",
            ),
            rule(
                f"{TABLE}_checkin_date_past",
                Q(checkin_date__gte=FIRST_DAY) & Q(checkin_date__lte=TruncDate(Now()) + timedelta(days=1)),
                "Must not be in the future, nor before 1900.",
            ),
            between(TABLE, "mood_score", 1, 10),
            between(TABLE, "stress_level", 1, 10),
            between(TABLE, "sleep_hours", 0, 24),
            between(TABLE, "exercise_minutes", 0, MAX_MINUTES_PER_DAY),
            between(TABLE, "water_intake_oz", 0),
            json_shape(TABLE, "symptoms", "array"),
            only_texts("symptoms"),
            json_shape(TABLE, "wellness_activities", "array"),
            only_texts("wellness_activities"),
        ]
        indexes = [gin("health_checkin", "symptoms"), gin("health_checkin", "wellness_activities")]

    objects = CheckinQuerySet.as_manager()  # type: ignore[misc]  # narrower than its base's

    def __str__(self) -> str:
        return str(self.checkin_date)

    def clean(self) -> None:
        """The day must have begun where the owner lives."""
        super().clean()
        if self.checkin_date is None or self.user_id is None:
            return
        if not FIRST_DAY <= self.checkin_date <= self.today():
            raise ValidationError({"checkin_date": "Must not be in the future, nor before 1900."}, "implausible_date")

    @classmethod
    def sql_derived(cls) -> dict[str, Any]:
        return {"wellness_score": score(), "wellness_level": level()}

    @property
    def wellness_score(self) -> Decimal | None:
        """The mean of the answers given, each on a scale of 1 to 10; null without an answer."""
        kind: Any = self._meta.get_field("sleep_hours")  # a row that was just made may hold a text or a float
        slept = kind.to_python(self.sleep_hours)
        return wellness.score(
            wellness.CheckinAnswers(self.mood_score, self.stress_level, slept, self.exercise_minutes, self.water_intake_oz)
        )

    @property
    def wellness_level(self) -> str | None:
        """The word for the score: excellent from 8, good from 6, fair from 4, else poor."""
        return wellness.level(self.wellness_score)
