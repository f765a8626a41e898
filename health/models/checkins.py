"""Daily health check-ins."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Unpack

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Now, TruncDate

from core.models.base import OwnedModel, OwnedQuerySet, gin
from core.models.constraints import rule
from core.models.derived import Derived
from core.models.fields import BoundedDecimalField, BoundedIntegerField, FieldOptions, GetType, JSONListField, SetType
from core.models.validators import FIRST_DAY
from core.postgres.expressions import PythonFunc, first_of, graded
from core.privacy.declarations import own
from core.privacy.masks import personal

TABLE = "health_userhealthcheckin"
MAX_MINUTES_PER_DAY = 24 * 60

# Matches items that are not strings or contain only white space as defined by Python's str.strip(). `strict` prevents
# PostgreSQL from unwrapping nested arrays.
NO_TEXT = (
    r'strict $[*] ? (@.type() != "string" || @ like_regex "^[\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a'
    r'\u2028\u2029\u202f\u205f\u3000]*$")'
)


class WellnessLevel(models.TextChoices):
    EXCELLENT = "excellent"
    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


def is_list_of_texts(items: Any) -> None:
    """Raise ValidationError unless every item of a JSON list is a non-blank string."""
    if isinstance(items, list) and not all(isinstance(item, str) and item.strip() for item in items):
        raise ValidationError('Every item must be a non-empty string such as "headache".', "not_texts")


class TextListField(JSONListField[SetType, GetType]):
    """A JSON list of non-blank strings."""

    def __init__(self, **options: Unpack[FieldOptions]) -> None:
        super().__init__(validators=[is_list_of_texts], **options)

    def get_constraints(self, table: str) -> list[models.CheckConstraint]:
        found = Func(
            F(self.name),
            Value(NO_TEXT),
            template="jsonb_path_exists(%(expressions)s::jsonpath, '{}', true)",
            output_field=models.BooleanField(),
        )
        has_texts = rule(f"{table}_{self.name}_texts", ~Q(found), "Every item must be a non-empty string.")
        return [*super().get_constraints(table), has_texts]


SLEEP = first_of((Q(sleep_hours__range=(7, 9)), 10), (Q(sleep_hours__range=(6, 10)), 7), (Q(sleep_hours__isnull=False), 3))


def mean_of_known(*points: int | None) -> Decimal | None:
    """Return the mean of the known points, rounded half up to one decimal; None if there are none."""
    known = [each for each in points if each is not None]
    return (Decimal(sum(known)) / len(known)).quantize(Decimal("0.1"), ROUND_HALF_UP) if known else None


# Each value counts 1 to 10 points. A value of 0 (no sleep, no exercise) counts; NULL is ignored.
SCORE = PythonFunc(
    F("mood_score"),
    11 - F("stress_level"),
    SLEEP,
    graded(F("exercise_minutes"), (30, 15), (10, 7, 3)),
    graded(F("water_intake_oz"), (64, 32), (10, 7, 3)),
    in_python=mean_of_known,
    is_strict=False,
    template="(SELECT round(avg(points), 1) FROM unnest(ARRAY[%(expressions)s]) AS points)",
    output_field=models.DecimalField(max_digits=3, decimal_places=1),
)


class CheckinQuerySet(OwnedQuerySet):
    def in_days(self, first: date, last: date) -> "CheckinQuerySet":
        """Return the check-ins from `first` to `last`, both inclusive."""
        return self.filter(checkin_date__range=(first, last))

    def covered_by_plan(self) -> "CheckinQuerySet":
        """Return the check-ins that analyses may use."""
        return self.filter(over_limit=False)


class UserHealthCheckin(OwnedModel):
    """A check-in for one day. NULL means that the user entered no value; 0 is a value."""

    checkin_date = models.DateField(help_text="Day in the user's time zone, not in the future. One check-in per day.")
    mood_score = BoundedIntegerField(min=1, max=10, null=True, blank=True, help_text="1 (worst) to 10 (best).")
    stress_level = BoundedIntegerField(min=1, max=10, null=True, blank=True, help_text="1 (lowest) to 10 (highest).")
    sleep_hours = BoundedDecimalField(
        max_digits=3,
        decimal_places=1,
        min=0,
        max=24,
        null=True,
        blank=True,
        help_text="Hours of sleep, 0 to 24 with one decimal. Null: not entered.",
    )
    exercise_minutes = BoundedIntegerField(
        min=0,
        max=MAX_MINUTES_PER_DAY,
        null=True,
        blank=True,
        help_text="Minutes of exercise on the day, 0 to 1440. Null: not entered.",
    )
    water_intake_oz = BoundedIntegerField(
        min=0, null=True, blank=True, help_text="Water that the user drank, in fluid ounces. Null: not entered."
    )
    medication_taken = models.BooleanField(
        null=True, blank=True, help_text="True if the user has taken their medication. Null: not entered."
    )
    symptoms = TextListField(help_text='List of texts, such as ["headache"].')
    wellness_activities = TextListField(help_text='List of texts, such as ["walk"].')
    notes = models.TextField(blank=True, help_text="The user's own text. May be empty.")
    over_limit = models.BooleanField(
        default=False,
        editable=False,
        help_text="True if the plan does not cover the check-in. Analyses leave it out until a plan covers it.",
    )
    number_in_month = BoundedIntegerField(
        min=1,
        null=True,
        blank=True,
        editable=False,
        help_text="1 for the first check-in that was stored in a month of the billing period. Null if it was not counted.",
    )

    privacy = own("how the customer felt on a day")
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
            rule(
                f"{TABLE}_over_limit_is_counted",
                Q(over_limit=False) | Q(number_in_month__isnull=False),
                "Only a counted check-in can be over the limit.",
            ),
        ]
        indexes = [gin("health_checkin", "symptoms"), gin("health_checkin", "wellness_activities")]

    objects = CheckinQuerySet.as_manager()  # type: ignore[misc]  # narrower than its base's

    def __str__(self) -> str:
        return str(self.checkin_date)

    def clean(self) -> None:
        """Raise ValidationError if the day has not begun in the owner's time zone."""
        super().clean()
        if self.checkin_date is None or self.user_id is None:
            return
        if not FIRST_DAY <= self.checkin_date <= self.today():
            raise ValidationError({"checkin_date": "Must not be in the future, nor before 1900."}, "implausible_date")

    wellness_score = Derived(
        SCORE,
        models.DecimalField(max_digits=3, decimal_places=1, null=True),
        help_text="Mean of 1 to 10 points each for mood, stress (inverted), sleep, exercise and water. Null if none is set.",
    )
    wellness_level = Derived(
        graded(SCORE, (8, 6, 4), WellnessLevel),
        models.CharField(choices=WellnessLevel, null=True),
        help_text="`excellent` from a score of 8, `good` from 6, `fair` from 4, else `poor`. Null without a score.",
    )
