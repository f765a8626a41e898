"""Models that are read-only in the back office, also for administrators."""

import re

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from billing.models import BillingHistory
from core.admin import ReadOnlyAdmin
from dev.factories import InvoiceFactory
from tests.admin.pages import REGISTERED, make, name, page_url

pytestmark = pytest.mark.django_db
RECORDS = [model for model in REGISTERED if isinstance(admin.site.get_model_admin(model), ReadOnlyAdmin)]
records = pytest.mark.parametrize("model", RECORDS, ids=name)


def test_these_models_are_read_only() -> None:
    assert sorted(map(name, RECORDS)) == [
        "AccessEvent",
        "Adjustment",
        "AlertReceipt",
        "Approval",
        "Attachment",
        "AuditEvent",
        "BillingHistory",
        "BillingMovement",
        "Cancellation",
        "DeletedTransaction",
        "DueDatePayment",
        "DunningStep",
        "EditRun",
        "EditedRow",
        "EmailAddress",
        "ExchangeRate",
        "FeatureAccess",
        "FeatureUsage",
        "Group",
        "HealthSpendingCorrelation",
        "Impersonation",
        "JobSecurityAnalysis",
        "Payee",
        "PersonalAccessToken",
        "ProcrastinateJob",
        "PushDevice",
        "RecurringCharge",
        "RefundShare",
        "Rule",
        "StatementImport",
        "StatementImportRow",
        "StripeCustomer",
        "StripeEvent",
        "TransactionSplit",
        "Transfer",
        "Upload",
        "UsageRecord",
        "UserAnalytics",
        "WebhookAttempt",
        "WebhookEndpoint",
        "WebhookMessage",
    ]


@records
def test_a_record_can_not_be_added(model: type[Model], office: Client) -> None:
    assert office.post(page_url(model, "add"), {}).status_code == 403


@records
def test_a_record_can_not_be_changed(model: type[Model], office: Client) -> None:
    row = make(model)
    before = model._default_manager.filter(pk=row.pk).values().get()
    assert office.post(page_url(model, "change", row.pk), {"name": "x"}).status_code == 403
    assert model._default_manager.filter(pk=row.pk).values().get() == before


@records
def test_a_record_can_not_be_deleted(model: type[Model], office: Client) -> None:
    row = make(model)
    assert office.post(page_url(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert model._default_manager.filter(pk=row.pk).exists()


@pytest.mark.parametrize("model", REGISTERED, ids=name)
def test_nothing_can_be_deleted_in_bulk(model: type[Model], office: Client) -> None:
    row = make(model)
    office.post(page_url(model, "changelist"), {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"})
    assert model._default_manager.filter(pk=row.pk).exists()


def test_the_arguments_of_a_job_are_not_shown(office: Client) -> None:
    row = make(ProcrastinateJob)
    keyed = [page_url(ProcrastinateJob, page, row.pk) for page in ("change", "history")]
    pages = [office.get(page) for page in (page_url(ProcrastinateJob, "changelist"), *keyed)]
    assert row.args == {"encrypted": "c2VjcmV0"}
    assert all("core.mail.deliver" in page.content.decode() for page in pages)
    assert all("c2VjcmV0" not in page.content.decode() for page in pages)


@pytest.mark.parametrize(("currency", "amount"), [("USD", "35.00"), ("JPY", "1234"), ("KWD", "500.555")])
def test_an_amount_has_the_decimals_of_its_currency(currency: str, amount: str, office: Client) -> None:
    invoice = InvoiceFactory(currency=currency, amount=amount)
    text = office.get(page_url(BillingHistory, "change", invoice.pk)).content.decode()
    assert re.search(rf">\s*{amount.replace('.', '[.]')}\s*<", text)
