"""How somebody felt on a day, in his own words and numbers."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Unpack

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, F, Func, Q, Value
from django.db.models.functions import Cast, Coalesce, Now, NullIf, TruncDate
from django.db.models.lookups import GreaterThanOrEqual, IsNull

from core.models.base import OwnedModel, OwnedQuerySet, gin
from core.models.constraints import rule
from core.models.fields import BoundedDecimalField, BoundedIntegerField, FieldOptions, GetType, JSONListField, SetType
from core.models.validators import FIRST_DAY
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


class TextListField(JSONListField[SetType, GetType]):
    """A JSON list of texts, none of which is empty."""

    def __init__(self, **options: Unpack[FieldOptions]) -> None:
        super().__init__(validators=[holds_texts], **options)

    def get_constraints(self, table: str) -> list[models.CheckConstraint]:
        found = Func(
            F(self.name),
            Value(NO_TEXT),
            template="jsonb_path_exists(%(expressions)s::jsonpath, '{}', true)",
            output_field=models.BooleanField(),
        )
        has_texts = rule(f"{table}_{self.name}_texts", ~Q(found), "Every item must be a text, and not empty.")
        return [*super().get_constraints(table), has_texts]


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
    mood_score = BoundedIntegerField(min=1, max=10, null=True, blank=True)
    stress_level = BoundedIntegerField(min=1, max=10, null=True, blank=True)
    sleep_hours = BoundedDecimalField(max_digits=3, decimal_places=1, min=0, max=24, null=True, blank=True)
    exercise_minutes = BoundedIntegerField(min=0, max=MAX_MINUTES_PER_DAY, null=True, blank=True)
    water_intake_oz = BoundedIntegerField(min=0, null=True, blank=True)
    medication_taken = models.BooleanField(null=True, blank=True)
    symptoms = TextListField()
    wellness_activities = TextListField()
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
