"""Field classes, which add a validator and a CHECK with the same message and migrate as Django's own fields."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.migrations.state import ModelState
from django.test.utils import isolate_apps

from analytics.models import FeatureUsage, UserFeedback
from billing.models import FeatureAccess, StripeCustomer
from career.models import CareerMilestone, JobSecurityAnalysis
from core.api.errors import from_database
from core.models.constraints import rule
from core.models.fields import BoundedDecimalField, BoundedIntegerField, ChoiceField, JSONObjectField, PlausibleDateField
from core.models.money import MoneyField
from dev.routes import make
from finance.models import EncryptedFinancialProfile
from health.models import HealthGoal, HealthSpendingCorrelation, UserHealthCheckin
from system.models import SystemAlert
from users.models import User, UserProfile

RULES: list[tuple[type[models.Model], str, object, str]] = [
    (FeatureUsage, "usage_count", -1, "Must be 0 or more."),
    (UserFeedback, "rating", 0, "Must be between 1 and 5."),
    (UserFeedback, "rating", 6, "Must be between 1 and 5."),
    (UserHealthCheckin, "sleep_hours", Decimal("24.1"), "Must be between 0 and 24."),
    (HealthGoal, "progress_percentage", 101, "Must be between 0 and 100."),
    (HealthSpendingCorrelation, "correlation_strength", Decimal("-1.001"), "Must be between -1 and 1."),
    (EncryptedFinancialProfile, "credit_limit", Decimal("-0.01"), "Must be 0 or more."),
    (FeatureUsage, "success_rate", Decimal("1.01"), "Must be between 0 and 1."),
    (CareerMilestone, "target_date", date(1899, 12, 31), "Must be between 1900-01-01 and 2200-12-31."),
    (CareerMilestone, "target_date", date(2201, 1, 1), "Must be between 1900-01-01 and 2200-12-31."),
    (UserFeedback, "priority", "huge", "Choose one of: low, medium, high, critical."),
    (UserFeedback, "priority", "", "Choose one of: low, medium, high, critical."),
    (UserProfile, "company_size", "2", "Choose one of: 1-9, 10-49, 50-249, 250-999, 1000+."),
    (FeatureAccess, "feature_name", "", "Must not be empty or padded."),
    (FeatureAccess, "feature_name", " export", "Must not be empty or padded."),
    (SystemAlert, "message", "", "Must not be empty or padded."),
    (JobSecurityAnalysis, "market_conditions", [1], "Must be a JSON object."),
    (JobSecurityAnalysis, "risk_factors", {"a": 1}, "Must be a JSON list."),
]


@pytest.mark.parametrize(("model", "field", "value", "message"), RULES)
def test_validation_and_the_database_have_the_same_message(
    model: type[models.Model], field: str, value: object, message: str, alice: User, all_privileges: None
) -> None:
    [row] = make(model, 1, alice)
    setattr(row, field, value)
    with pytest.raises(ValidationError) as invalid:
        row.full_clean()
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        model._base_manager.filter(pk=row.pk).update(**{field: value})
    assert invalid.value.messages == [message]
    assert from_database(refused.value).detail == {field: [message]}


def test_an_optional_choice_may_be_empty(alice: User) -> None:
    [profile] = make(UserProfile, 1, alice)
    profile.company_size = ""
    profile.full_clean()
    profile.save()


def test_an_optional_number_may_be_unknown(alice: User) -> None:
    [customer] = make(StripeCustomer, 1, alice)
    customer.card_exp_month = None
    customer.full_clean()
    customer.save()


def test_the_message_of_a_bound_is_not_in_migrations() -> None:
    field: Any = FeatureUsage._meta.get_field("usage_count")
    [bound] = field.deconstruct()[3]["validators"]
    assert bound.message == "Must be 0 or more."
    assert bound.deconstruct() == ("django.core.validators.MinValueValidator", (0,), {})


class Size(models.TextChoices):
    SMALL = "small"
    LARGE = "large"


def names_of(constraints: Any) -> list[str]:
    return [constraint.name for constraint in constraints]


@isolate_apps("core")
def test_constraints_are_named_after_table_and_field() -> None:
    class Box(models.Model):  # noqa: DJ008 - no row is shown
        count = BoundedIntegerField(min=1)
        weight = BoundedDecimalField(max_digits=5, decimal_places=2, min=0, max=1)
        price = MoneyField(is_above_zero=True)
        fee = MoneyField(min=0)
        salary = MoneyField(currency=None)
        size = ChoiceField(Size, max_length=5)
        notes = JSONObjectField()

        class Meta:
            app_label = "core"
            db_table = "boxes"

    assert names_of(Box._meta.constraints) == [
        "boxes_count_bounds",
        "boxes_weight_bounds",
        "boxes_price_decimals",
        "boxes_price_size",
        "boxes_price_above_zero",
        "boxes_fee_decimals",
        "boxes_fee_size",
        "boxes_fee_bounds",
        "boxes_salary_decimals",
        "boxes_salary_size",
        "boxes_size_choice",
        "boxes_notes_shape",
    ]


@isolate_apps("core")
def test_a_child_adds_its_constraints_to_no_parent() -> None:
    class Parcel(models.Model):
        day = PlausibleDateField()

        class Meta:
            app_label = "core"
            abstract = True
            constraints = [rule("%(class)s_day_sunday", models.Q(day__week_day=1), "Sundays only.")]

    class Letter(Parcel):  # noqa: DJ008
        pages = BoundedIntegerField(min=1)

        class Meta(Parcel.Meta):
            pass

    class Card(Parcel):  # noqa: DJ008
        class Meta(Parcel.Meta):
            pass

    assert names_of(Parcel.Meta.constraints) == names_of(Parcel._meta.constraints) == ["%(class)s_day_sunday"]
    assert sorted(names_of(Letter._meta.constraints)) == [
        "core_letter_day_bounds",
        "core_letter_pages_bounds",
        "letter_day_sunday",
    ]
    assert sorted(names_of(Card._meta.constraints)) == ["card_day_sunday", "core_card_day_bounds"]


@isolate_apps("core")
def test_migrations_contain_djangos_fields_and_constraints() -> None:
    class Crate(models.Model):  # noqa: DJ008 - no row is shown
        count = BoundedIntegerField(min=1)
        size = ChoiceField(Size, max_length=5)

        class Meta:
            app_label = "core"

    state = ModelState.from_model(Crate)
    assert [type(state.fields[name]) for name in ("count", "size")] == [models.IntegerField, models.CharField]
    assert names_of(state.options["constraints"]) == ["core_crate_count_bounds", "core_crate_size_choice"]
    assert Crate._meta.get_field("count").deconstruct()[1] == "django.db.models.IntegerField"
