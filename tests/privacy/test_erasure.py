"""Erasure of an account: no personal data is left, and invoices and other users' rows are unchanged."""

from datetime import timedelta
from decimal import Decimal

import pytest
from allauth.account.models import EmailAddress
from django.contrib.admin.models import CHANGE, LogEntry
from django.core import mail
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.models import Count, Sum
from rest_framework.test import APIClient

from billing.models import BillingHistory, FeatureAccess
from core import clock, jobs
from core.errors import DomainError
from core.privacy.declarations import Erase
from dev.factories import FeedbackFactory, InvoiceFactory, PlanFactory, ProfileFactory, SubscriptionFactory, TransactionFactory
from dev.factories.users import PASSWORD
from tests.conftest import ClientFor
from tests.privacy.conftest import OURS, create_rows, zip_of
from tests.sign_in import sign_in
from users import tasks
from users.models import AccountErasure, DataExport, User, UserProfile
from users.models.erasure import RequestedBy
from users.privacy import erasure as erasures
from users.privacy.policies import models_with_policy, policy_of, rows_of

PATH = "/api/v1/users/me/"
ERASE = f"{PATH}erase/"


def erase(user: User) -> AccountErasure:
    erasure = erasures.begin_erasure(user, requested_by=RequestedBy.CUSTOMER)
    erasures.run_erasure(erasure)
    return AccountErasure.objects.get(pk=erasure.pk)


@pytest.fixture
def full(alice: User) -> User:
    create_rows(alice)
    EmailAddress.objects.create(user=alice, email=alice.email, primary=True, verified=True)
    UserProfile.objects.filter(user=alice).update(country="DE", first_name="Canary", phone_number="+4915112345678")
    InvoiceFactory(user=alice, amount=Decimal("19.99"), status="paid", paid_at=clock.now(), description="For Canary")
    return alice


def totals() -> list[dict[str, object]]:
    by = BillingHistory.objects.order_by("currency", "status", "billing_date").values("currency", "status", "billing_date")
    return list(by.annotate(sum=Sum("amount"), refunded=Sum("amount_refunded"), number=Count("pk")))


@pytest.fixture
def rows_before(db: None) -> set[str]:
    """Return the rows that earlier tests committed, which the audit log retains."""
    return set(everything_in_the_database())


def everything_in_the_database() -> list[str]:
    """Return all rows of all tables as text, as a dump has them."""
    with connection.cursor() as cursor:
        own = "NOT relispartition AND relnamespace = 'public'::regnamespace"
        cursor.execute(f"SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND {own}")  # noqa: S608
        tables = [name for (name,) in cursor.fetchall() if not name.startswith(("procrastinate", "django_migrations"))]
        texts = []
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608
            texts += [f"{table}: {text}" for (text,) in cursor.fetchall()]
    return texts


def test_only_rows_that_must_be_retained_are_left(full: User) -> None:
    erase(full)
    left = {model.__name__ for model in models_with_policy() if rows_of(model, full).exists()}
    billing = {"BillingHistory", "BillingMovement", "Adjustment"}
    assert left == {"User", "AccountErasure", "Approval", "AccessEvent", "AuditEvent", *billing}


def test_no_personal_data_is_left_in_any_table(rows_before: set[str], full: User) -> None:
    erase(full)
    text = "\n".join(row for row in everything_in_the_database() if row not in rows_before)
    assert [word for word in ("alice@example.com", "Canary", "+4915112345678") if word in text] == []


def test_invoices_are_unchanged_and_have_the_country(full: User, bob: User) -> None:
    InvoiceFactory(user=bob)
    before = totals()
    erase(full)
    assert totals() == before
    assert {row.metadata["country"] for row in BillingHistory.objects.filter(user=full)} == {"DE"}


def test_other_users_lose_nothing(full: User, bob: User) -> None:
    create_rows(bob)
    before = zip_of(bob)
    erase(full)
    assert zip_of(bob) == before


def test_the_account_is_anonymized(full: User) -> None:
    erase(full)
    full.refresh_from_db()
    assert full.email == f"erased-{full.pk}@erased.invalid"
    assert (full.is_active, full.is_verified, full.has_usable_password(), full.last_login_at) == (False, False, False, None)


def test_a_confirmation_is_sent_to_the_old_email_address(no_jobs: None, full: User) -> None:
    erase(full)
    jobs.run_pending()
    assert [(message.subject, message.to) for message in mail.outbox] == [
        ("[MINGUS] Your account has been erased", ["alice@example.com"])
    ]


def test_erasure_is_idempotent(full: User) -> None:
    first = erase(full)
    second = erase(User.objects.get(pk=full.pk))
    assert (first.pk, first.rows_deleted, first.finished_at) == (second.pk, second.rows_deleted, second.finished_at)


def test_it_continues_after_an_interruption(full: User, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def stop_after_five(rows: int) -> None:
        seen.append(rows)
        assert len(seen) < 5, "killed"

    erasure = erasures.begin_erasure(full, requested_by=RequestedBy.CUSTOMER)
    with pytest.raises(AssertionError, match="killed"):
        erasures.run_erasure(erasure, on_progress=stop_after_five)
    assert AccountErasure.objects.get(pk=erasure.pk).finished_at is None
    before = totals()
    tasks.erase_account(erasure=str(erasure.pk))
    assert AccountErasure.objects.get(pk=erasure.pk).finished_at is not None
    assert totals() == before
    assert {row.metadata["country"] for row in BillingHistory.objects.filter(user=full)} == {"DE"}
    assert [model for model in OURS if policy_of(model).erase is Erase.DELETE and rows_of(model, full).exists()] == []


def test_an_abandoned_erasure_is_resumed(no_jobs: None, full: User, monkeypatch: pytest.MonkeyPatch) -> None:
    erasure = erasures.begin_erasure(full, requested_by=RequestedBy.CUSTOMER)
    monkeypatch.setattr(tasks, "RETRY_ERASURE_AFTER", timedelta(0))
    tasks.resume_erasures(timestamp=0)
    jobs.run_pending()
    assert AccountErasure.objects.get(pk=erasure.pk).finished_at is not None


def test_the_back_offices_log_loses_the_names(full: User, administrator: User) -> None:
    LogEntry.objects.log_actions(administrator.pk, [full, full.profile], action_flag=CHANGE, change_message="alice@example.com")
    erase(full)
    assert set(LogEntry.objects.values_list("object_repr", "change_message")) == {("erased", "")}


def test_rows_of_other_users_lose_only_the_reference(alice: User, bob: User) -> None:
    feedback = FeedbackFactory(user=bob, assigned_to=alice)
    erase(alice)
    feedback.refresh_from_db()
    assert feedback.assigned_to_id is None


def test_the_first_and_last_steps_of_other_apps_run(full: User, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[tuple[str, bool]] = []
    monkeypatch.setattr(erasures, "FIRST", (lambda user: steps.append(("first", rows_of(UserProfile, user).exists())),))
    monkeypatch.setattr(erasures, "LAST", (lambda user: steps.append(("last", rows_of(UserProfile, user).exists())),))
    erase(full)
    assert steps == [("first", True), ("last", False)]


def test_the_api_ends_access_at_once_and_a_job_erases(no_jobs: None, full: User, signed_in: APIClient, api: ClientFor) -> None:
    program, elsewhere = api(full), APIClient(raise_request_exception=False)
    elsewhere.force_login(full)
    response = signed_in.post(ERASE, {"password": PASSWORD})
    assert response.status_code == 202, response.content
    assert [client.get(PATH).status_code for client in (program, elsewhere, signed_in)] == [401, 401, 401]
    assert rows_of(UserProfile, full).exists()
    jobs.run_pending()
    assert not rows_of(UserProfile, full).exists()


def test_the_password_is_required_and_guesses_are_limited(alice: User, signed_in: APIClient) -> None:
    responses = [signed_in.post(ERASE, {"password": f"guess {number}"}) for number in range(5)]
    assert {(response.status_code, response.json()["errors"][0]["code"]) for response in responses} == {(403, "wrong_password")}
    assert signed_in.post(ERASE, {"password": PASSWORD}).status_code == 403
    alice.refresh_from_db()
    # the session has attempts of its own, which do not lock the account for others
    assert (alice.is_locked, alice.is_active) == (False, True)
    assert signed_in.get(PATH).status_code == 200


def test_a_missing_password_is_named(signed_in: APIClient) -> None:
    response = signed_in.post(ERASE, {})
    assert (response.status_code, response.json()["errors"][0]["attr"]) == (400, "password")


def test_a_token_may_not_erase(as_alice: APIClient) -> None:
    response = as_alice.post(ERASE, {"password": PASSWORD})
    assert (response.status_code, response.json()["errors"][0]["code"]) == (403, "session_required")


def test_staff_are_refused(staff: User) -> None:
    client = APIClient(raise_request_exception=False)
    sign_in(client, staff)
    response = client.post(ERASE, {"password": PASSWORD})
    assert (response.status_code, response.json()["errors"][0]["code"]) == (403, "staff_account")
    assert User.objects.get(pk=staff.pk).is_active


def test_a_paid_subscription_must_be_canceled_first(alice: User, signed_in: APIClient) -> None:
    paid = SubscriptionFactory(user=alice, plan=PlanFactory(), running=True, stripe_subscription_id="sub_1")
    response = signed_in.post(ERASE, {"password": PASSWORD})
    assert (response.status_code, response.json()["errors"][0]["code"]) == (409, "subscription_running")
    type(paid).objects.filter(pk=paid.pk).update(cancel_at_period_end=True)
    assert signed_in.post(ERASE, {"password": PASSWORD}).status_code == 202


def test_an_unpaid_subscription_does_not_prevent_erasure(alice: User, signed_in: APIClient) -> None:
    SubscriptionFactory(user=alice, running=True)
    assert signed_in.post(ERASE, {"password": PASSWORD}).status_code == 202


def test_the_command_erases_an_account(full: User, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("erase_user", "Alice@Example.com", yes=True)
    assert "rows deleted" in capsys.readouterr().out
    assert not rows_of(UserProfile, full).exists()


def test_the_command_fails_with_the_reason(staff: User) -> None:
    with pytest.raises(CommandError, match="staff account"):
        call_command("erase_user", staff.email, yes=True)
    with pytest.raises(CommandError, match="No account has the address"):
        call_command("erase_user", "unknown@example.com", yes=True)


def test_an_export_that_waits_for_a_worker_is_deleted(alice: User) -> None:
    export = DataExport.objects.create(user=alice)
    ProfileFactory(user=alice)
    erase(alice)
    tasks.make_export(user=str(alice.pk), export=str(export.pk))
    assert not DataExport.objects.exists()


def test_all_batches_are_deleted(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasures, "BATCH", 3)
    TransactionFactory.create_batch(7, user=alice)
    features = FeatureAccess.objects.for_user(alice).count()
    assert erase(alice).rows_deleted == 15 + features  # seven transactions with an account each, and the profile


def test_a_refusal_changes_nothing(staff: User) -> None:
    with pytest.raises(DomainError):
        erasures.begin_erasure(staff, requested_by=RequestedBy.STAFF)
    assert not AccountErasure.objects.exists()
