"""Constraints, which both the API and the database enforce."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any
from unittest.mock import patch

import pytest
from django.apps import apps
from django.db import DataError, IntegrityError, models, transaction
from rest_framework.test import APIClient

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
    """Return False for constraints on (user, id), which are unique by their id and only serve foreign keys."""
    return not constraint.name.endswith("_owner")


def with_others(model: type[models.Model], values: Values, user: User) -> Values:
    """Return `values` with "=other" replaced by the value of a second row, which gets all other values too."""
    if "=other" not in values.values():
        return values
    is_one_per_user = any(field.name == "user" and field.unique for field in model._meta.concrete_fields)
    [other] = make(model, 1, UserFactory() if is_one_per_user else user)
    model._base_manager.filter(pk=other.pk).update(**{name: value for name, value in values.items() if value != "=other"})
    return {name: getattr(other, name) if value == "=other" else value for name, value in values.items()}


def test_each_constraint_has_a_violation() -> None:
    ours = [constraint for model in apps.get_models() if issubclass(model, BaseModel) for constraint in model._meta.constraints]
    assert {constraint.name for constraint in ours if is_a_rule(constraint)} == set(VIOLATIONS)


@pytest.mark.parametrize("name", VIOLATIONS)
def test_the_database_refuses(name: str, alice: User, all_privileges: None) -> None:
    model, values, _ = VIOLATIONS[name]
    [row], breaking = make(model, 1, alice), with_others(model, values, alice)
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        model._base_manager.filter(pk=row.pk).update(**breaking)
    assert refused.value.__cause__.diag.constraint_name == name


def writer_of(model: type[models.Model]) -> Route:
    """Return the route that changes rows of `model`, or else the one that creates them."""
    routes = [route for route in ROUTES if route.view.queryset is not None and route.model is model]
    changing = [route for route in routes if "patch" in route.methods]
    return next(iter(changing or [route for route in routes if route.methods.get("post") == "create"]))


@pytest.mark.parametrize(("name", "model", "body"), BY_API, ids=lambda value: value if isinstance(value, str) else "")
def test_the_api_refuses(name: str, model: type[models.Model], body: Values, administrator: User, api: ClientFor) -> None:
    route, client = writer_of(model), api(administrator)
    [row], breaking = make(model, 1, administrator), with_others(model, body, administrator)
    shown = {key: value for key, value in route.view.serializer_class(row).data.items() if value is not None}
    call, sent = (client.patch, breaking) if "patch" in route.methods else (client.post, shown | breaking)
    response = call(route.path(row.pk), sent)
    assert response.status_code in (400, 409), response.json()
    assert response.json()["errors"][0]["detail"]
    assert model._base_manager.filter(pk=row.pk).exists()


@pytest.mark.django_db
@pytest.mark.parametrize(("model", "name"), DECIMALS, ids=lambda value: getattr(value, "__name__", value))
def test_nan_is_refused(model: type[models.Model], name: str, alice: User) -> None:
    """Check all decimals: NaN is larger than every number in PostgreSQL, so a lower bound alone accepts it."""
    row = make(model, 1, alice)[0]
    with pytest.raises((IntegrityError, DataError)), transaction.atomic():
        model._base_manager.filter(pk=row.pk).update(**{name: models.expressions.RawSQL("'NaN'::numeric", ())})


def test_the_database_refuses_another_users_account(alice: User, bob: User) -> None:
    theirs, mine = AccountFactory(user=bob), TransactionFactory(user=alice)
    with pytest.raises(IntegrityError), transaction.atomic():
        FinancialTransaction.objects.filter(pk=mine.pk).update(financial_profile=theirs)


def test_a_duplicate_reference_number_is_a_400_at_its_field(as_alice: APIClient, account: Any) -> None:
    body = {
        "financial_profile": str(account.pk),
        "transaction_type": "expense",
        "amount": "-1.00",
        "transaction_date": "2026-03-01",
        "reference_number": "FIT-1",
    }
    assert as_alice.post("/api/v1/finance/transactions/", body).status_code == 201
    response = as_alice.post("/api/v1/finance/transactions/", body)
    assert response.status_code == 400
    error = response.json()["errors"][0]
    assert (error["attr"], error["code"]) == ("reference_number", "unique")
    assert FinancialTransaction.objects.count() == 1


def test_a_rule_of_the_database_alone_is_a_400_at_its_field(as_alice: APIClient) -> None:
    response = as_alice.post("/api/v1/users/onboarding/", {"step_name": "x", "step_order": 1, "is_completed": True})
    assert response.status_code == 400
    assert response.json()["errors"][0]["attr"] == "completed_at"
    assert "is_completed" in response.json()["errors"][0]["detail"]


def test_an_account_with_transactions_can_not_be_deleted(as_alice: APIClient, alice: User, account: Any) -> None:
    TransactionFactory(user=alice, financial_profile=account)
    response = as_alice.delete(f"/api/v1/finance/accounts/{account.pk}/")
    assert response.status_code == 409
    assert "is_active" in response.json()["errors"][0]["detail"]


def test_an_account_without_transactions_is_deleted(as_alice: APIClient, account: Any) -> None:
    assert as_alice.delete(f"/api/v1/finance/accounts/{account.pk}/").status_code == 204
    assert not EncryptedFinancialProfile.objects.exists()


def test_an_account_deleted_meanwhile_is_a_400_at_its_field(as_alice: APIClient, alice: User, account: Any) -> None:
    body = {"financial_profile": str(account.pk), "transaction_type": "fee", "amount": "-1", "transaction_date": "2026-03-01"}

    def delete_after_lookup(self: object, data: object) -> object:
        EncryptedFinancialProfile.objects.filter(pk=account.pk).delete()
        return account

    with patch("core.api.serializers.OwnedKeyField.to_internal_value", delete_after_lookup):
        response = as_alice.post("/api/v1/finance/transactions/", body)
    assert response.status_code == 400
    assert response.json()["errors"][0]["attr"] == "financial_profile"


def test_a_new_row_has_equal_timestamps(alice: User) -> None:
    row = AccountFactory(user=alice)
    assert row.updated_at == row.created_at
    row.save()
    assert row.updated_at > row.created_at
