"""Every rule holds twice: the API refuses what breaks it with a sentence, and so does the database."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any
from unittest.mock import patch

import pytest
from django.apps import apps
from django.db import DataError, IntegrityError, models, transaction
from rest_framework.test import APIClient

from core.api.errors import declared_constraints
from core.models.base import BaseModel
from dev.factories import AccountFactory, TransactionFactory, UserFactory
from dev.routes import ROUTES, Route, make
from finance.models import EncryptedFinancialProfile, FinancialTransaction
from tests.conftest import ClientFor
from tests.contract import violations
from users.models import User

Values = dict[str, Any]

VIOLATIONS: dict[str, tuple[type[models.Model], Values, Values | None]] = {
    name: found
    for module in iter_modules(violations.__path__)
    for name, found in import_module(f"{violations.__name__}.{module.name}").VIOLATIONS.items()
}
BY_API = [(name, model, body) for name, (model, _, body) in VIOLATIONS.items() if body is not None]
DECIMALS = [
    (model, field.name)
    for model in apps.get_models()
    for field in model._meta.concrete_fields
    if issubclass(model, BaseModel) and isinstance(field, models.DecimalField)
]


def is_a_rule(constraint: models.BaseConstraint) -> bool:
    """A constraint that a row alone can break; (user, id) is unique because id is, and only serves foreign keys."""
    return not constraint.name.endswith("_owner")


def with_others(model: type[models.Model], values: Values, user: User) -> Values:
    """`values`; when one is "=other" there is a second row, which has the same values, and its own where they say so."""
    if "=other" not in values.values():
        return values
    is_the_only_one = any(field.name == "user" and field.unique for field in model._meta.concrete_fields)
    [other] = make(model, 1, UserFactory() if is_the_only_one else user)
    model._base_manager.filter(pk=other.pk).update(**{name: value for name, value in values.items() if value != "=other"})
    return {name: getattr(other, name) if value == "=other" else value for name, value in values.items()}


def test_each_constraint_is_violated_here() -> None:
    ours = [constraint for model, constraint in declared_constraints() if issubclass(model, BaseModel)]
    assert {constraint.name for constraint in ours if is_a_rule(constraint)} == set(VIOLATIONS)


@pytest.mark.parametrize("name", VIOLATIONS)
def test_the_database_refuses(name: str, alice: User, any_power: None) -> None:
    model, values, _ = VIOLATIONS[name]
    [row], breaking = make(model, 1, alice), with_others(model, values, alice)
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        model._base_manager.filter(pk=row.pk).update(**breaking)
    assert refused.value.__cause__.diag.constraint_name == name


def writer_of(model: type[models.Model]) -> Route:
    """The route that changes rows of `model`, else the one that makes them."""
    routes = [route for route in ROUTES if route.view.queryset is not None and route.model is model]
    changing = [route for route in routes if "patch" in route.methods]
    return next(iter(changing or [route for route in routes if route.methods.get("post") == "create"]))


@pytest.mark.parametrize(("name", "model", "body"), BY_API, ids=lambda value: value if isinstance(value, str) else "")
def test_the_api_refuses(name: str, model: type[models.Model], body: Values, administrator: User, api: ClientFor) -> None:
    route, client = writer_of(model), api(administrator)
    [row], breaking = make(model, 1, administrator), with_others(model, body, administrator)
    shown = {key: value for key, value in route.view.serializer_class(row).data.items() if value is not None}
    call, sent = (client.patch, breaking) if "patch" in route.methods else (client.post, shown | breaking)
    answer = call(route.path(row.pk), sent)
    assert answer.status_code in (400, 409), answer.json()
    assert answer.json()["errors"][0]["detail"]
    assert model._base_manager.filter(pk=row.pk).exists()


@pytest.mark.django_db
@pytest.mark.parametrize(("model", "name"), DECIMALS, ids=lambda value: getattr(value, "__name__", value))
def test_a_number_is_a_number(model: type[models.Model], name: str, alice: User) -> None:
    """PostgreSQL takes NaN for larger than every number, so a lower bound alone lets it in."""
    row = make(model, 1, alice)[0]
    with pytest.raises((IntegrityError, DataError)), transaction.atomic():
        model._base_manager.filter(pk=row.pk).update(**{name: models.expressions.RawSQL("'NaN'::numeric", ())})


def test_the_database_refuses_another_users_account(alice: User, bob: User) -> None:
    theirs, mine = AccountFactory(user=bob), TransactionFactory(user=alice)
    with pytest.raises(IntegrityError), transaction.atomic():
        FinancialTransaction.objects.filter(pk=mine.pk).update(financial_profile=theirs)


def test_one_reference_number_twice_on_an_account_is_a_400_at_its_field(as_alice: APIClient, account: Any) -> None:
    body = {
        "financial_profile": str(account.pk),
        "transaction_type": "expense",
        "amount": "-1.00",
        "transaction_date": "2026-03-01",
        "reference_number": "FIT-1",
    }
    assert as_alice.post("/api/v1/finance/transactions/", body).status_code == 201
    answer = as_alice.post("/api/v1/finance/transactions/", body)
    assert answer.status_code == 400
    error = answer.json()["errors"][0]
    assert (error["attr"], error["code"]) == ("reference_number", "unique")
    assert FinancialTransaction.objects.count() == 1


def test_a_rule_that_only_the_database_knows_is_a_400_at_its_field(as_alice: APIClient) -> None:
    answer = as_alice.post("/api/v1/users/onboarding/", {"step_name": "x", "step_order": 1, "is_completed": True})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == "completed_at"
    assert "is_completed" in answer.json()["errors"][0]["detail"]


def test_an_account_with_transactions_is_kept(as_alice: APIClient, alice: User, account: Any) -> None:
    TransactionFactory(user=alice, financial_profile=account)
    answer = as_alice.delete(f"/api/v1/finance/accounts/{account.pk}/")
    assert answer.status_code == 409
    assert "is_active" in answer.json()["errors"][0]["detail"]


def test_an_account_without_transactions_goes(as_alice: APIClient, account: Any) -> None:
    assert as_alice.delete(f"/api/v1/finance/accounts/{account.pk}/").status_code == 204
    assert not EncryptedFinancialProfile.objects.exists()


def test_an_account_that_goes_away_meanwhile_is_a_400_at_its_field(as_alice: APIClient, alice: User, account: Any) -> None:
    body = {"financial_profile": str(account.pk), "transaction_type": "fee", "amount": "-1", "transaction_date": "2026-03-01"}

    def looked_up_and_then_deleted(self: object, data: object) -> object:
        EncryptedFinancialProfile.objects.filter(pk=account.pk).delete()
        return account

    with patch("core.api.serializers.OwnedKeyField.to_internal_value", looked_up_and_then_deleted):
        answer = as_alice.post("/api/v1/finance/transactions/", body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == "financial_profile"


def test_a_new_row_was_changed_when_it_was_created(alice: User) -> None:
    row = AccountFactory(user=alice)
    assert row.updated_at == row.created_at
    row.save()
    assert row.updated_at > row.created_at
