"""Every rule holds in the database, whoever forgets it above."""

from typing import Any
from unittest.mock import patch

import pytest
from django.db import IntegrityError, models, transaction
from rest_framework.test import APIClient

from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImportRow
from tests.factories import (
    AccountFactory,
    ImportRowFactory,
    OnboardingFactory,
    ProfileFactory,
    TokenFactory,
    TransactionFactory,
    UserFactory,
)
from users.models import OnboardingProgress, PersonalAccessToken, User, UserProfile

VIOLATIONS: list[tuple[type[models.Model], dict[str, Any]]] = [
    (User, {"email": "Alice@Example.com"}),
    (User, {"login_attempts": -1}),
    (UserProfile, {"first_name": ""}),
    (UserProfile, {"last_name": " x"}),
    (UserProfile, {"zip_code": "1000"}),
    (UserProfile, {"zip_code": "", "country": "DE"}),
    (UserProfile, {"date_of_birth": "2199-01-01"}),
    (UserProfile, {"phone_number": "555-0123"}),
    (UserProfile, {"country": "us"}),
    (UserProfile, {"dependents": -1}),
    (UserProfile, {"household_size": 0}),
    (UserProfile, {"annual_income": "-0.01"}),
    (UserProfile, {"years_of_experience": -1}),
    (UserProfile, {"marital_status": "complicated"}),
    (UserProfile, {"employment_status": "busy"}),
    (UserProfile, {"education_level": "some"}),
    (UserProfile, {"company_size": "0"}),
    (UserProfile, {"risk_tolerance": ""}),
    (UserProfile, {"naics_code": "99"}),
    (UserProfile, {"naics_code": "1"}),
    (UserProfile, {"financial_goals": {}}),
    (UserProfile, {"preferences": []}),
    (OnboardingProgress, {"step_name": ""}),
    (OnboardingProgress, {"step_order": 0}),
    (OnboardingProgress, {"is_completed": True}),
    (OnboardingProgress, {"completed_at": "2026-01-01T00:00:00Z"}),
    (OnboardingProgress, {"step_data": []}),
    (PersonalAccessToken, {"name": ""}),
    (PersonalAccessToken, {"scope": "admin"}),
    (EncryptedFinancialProfile, {"profile_name": " "}),
    (EncryptedFinancialProfile, {"profile_type": "piggy"}),
    (EncryptedFinancialProfile, {"currency": "usd"}),
    (EncryptedFinancialProfile, {"credit_limit": "-0.01"}),
    (EncryptedFinancialProfile, {"interest_rate": "1.0001"}),
    (EncryptedFinancialProfile, {"interest_rate": "-0.0001"}),
    (EncryptedFinancialProfile, {"sync_status": "done"}),
    (EncryptedFinancialProfile, {"metadata": []}),
    (FinancialTransaction, {"amount": 0}),
    (FinancialTransaction, {"amount": 5}),
    (FinancialTransaction, {"transaction_type": "income"}),
    (FinancialTransaction, {"transaction_type": "Expense"}),
    (FinancialTransaction, {"status": "done"}),
    (FinancialTransaction, {"currency": "US"}),
    (FinancialTransaction, {"transaction_date": "1899-12-31"}),
    (FinancialTransaction, {"posted_date": "2201-01-01"}),
    (FinancialTransaction, {"metadata": []}),
    (StatementImportRow, {"verdict": "maybe"}),
    (StatementImportRow, {"data": []}),
]
MAKERS = {
    User: UserFactory,
    UserProfile: ProfileFactory,
    OnboardingProgress: OnboardingFactory,
    PersonalAccessToken: TokenFactory,
    EncryptedFinancialProfile: AccountFactory,
    FinancialTransaction: TransactionFactory,
    StatementImportRow: ImportRowFactory,
}


@pytest.mark.django_db
@pytest.mark.parametrize(("model", "values"), VIOLATIONS, ids=str)
def test_the_database_refuses(model: type[models.Model], values: dict[str, Any]) -> None:
    row = MAKERS[model]()
    with pytest.raises(IntegrityError), transaction.atomic():
        model._base_manager.filter(pk=row.pk).update(**values)


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

    with patch("mingus.kit.api.serializers.OwnedKeyField.to_internal_value", looked_up_and_then_deleted):
        answer = as_alice.post("/api/v1/finance/transactions/", body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == "financial_profile"


def test_a_new_row_was_changed_when_it_was_created(alice: User) -> None:
    row = AccountFactory(user=alice)
    assert row.updated_at == row.created_at
    row.save()
    assert row.updated_at > row.created_at
