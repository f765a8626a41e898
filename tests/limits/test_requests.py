"""Requests that meet a forgotten transaction: a 503 that says what to do, nothing half-written, a usable connection."""

import time
from typing import Any

import pytest
from django.db import DatabaseError, InternalError, OperationalError, connection
from django.test import Client
from drf_standardized_errors.types import ExceptionHandlerContext
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings
from rest_framework.test import APIClient
from rest_framework.views import APIView

from billing.models import StripeEvent
from core.api.errors import exception_handler
from core.postgres.failures import failure_of
from dev.factories import PASSWORD
from finance.models import FinancialTransaction
from tests.account_api import send
from tests.billing.stripe_payments import SECRET
from tests.billing.test_webhooks import deliver, event
from tests.limits.conftest import LIST, ROW, Forget, SetLimit, lock_of, problem
from tests.sign_in import sign_in
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)
TRANSACTIONS = "finance_financialtransaction"
STRONG = "a rather long new password"


@pytest.fixture
def office(administrator: User) -> Client:
    client = Client(raise_request_exception=False)
    sign_in(client, administrator)
    return client


class TestLockTimeouts:
    @pytest.fixture(autouse=True)
    def _short(self, limit: SetLimit) -> None:
        limit(lock_timeout="200ms")

    @pytest.mark.parametrize("fast", [False, True], ids=["plain", "compiled"])
    def test_a_list(self, fast: bool, entry: Any, as_alice: APIClient, forget: Forget) -> None:
        if fast:
            as_alice.get(LIST)  # registers the list
        forgotten = forget(lock_of(TRANSACTIONS))
        began = time.monotonic()
        response = as_alice.get(LIST)
        assert time.monotonic() - began < 5
        assert problem(response) == (503, "lock_timeout", "5")
        assert response.json()["errors"][0]["detail"].endswith("Nothing was changed.")
        forgotten.close()
        assert len(as_alice.get(LIST).json()["results"]) == 1

    def test_a_compiled_list_does_not_wait_twice(self, entry: Any, as_alice: APIClient, forget: Forget) -> None:
        as_alice.get(LIST)
        forget(lock_of(TRANSACTIONS))
        with connection.execute_wrapper(lambda *args: pytest.fail("the plain path ran, too")):
            assert as_alice.get(LIST).status_code == 503

    @pytest.mark.parametrize("method", ["patch", "delete"])
    def test_a_change_of_one_row(self, method: str, entry: Any, as_alice: APIClient, forget: Forget) -> None:
        forgotten = forget(ROW)
        response = getattr(as_alice, method)(f"{LIST}{entry.pk}/", {"category": "rent"}, format="json")
        assert problem(response) == (503, "lock_timeout", "5")
        forgotten.close()
        entry.refresh_from_db()
        assert entry.category == "food"
        assert as_alice.patch(f"{LIST}{entry.pk}/", {"category": "rent"}, format="json").status_code == 200

    def test_a_bulk_change_is_undone(self, account: Any, entry: Any, as_alice: APIClient, forget: Forget) -> None:
        row = {"financial_profile": account.pk, "transaction_type": "expense", "amount": "-1", "transaction_date": "2026-03-01"}
        body = {"create": [row], "update": [{"id": entry.pk, "category": "rent"}]}
        forgotten = forget(ROW)
        headers = {"Idempotency-Key": "bulk-1"}
        assert problem(as_alice.post(f"{LIST}bulk/", body, format="json", headers=headers))[:2] == (503, "lock_timeout")
        assert FinancialTransaction.objects.count() == 1
        forgotten.close()
        assert as_alice.post(f"{LIST}bulk/", body, format="json", headers=headers).status_code == 200
        assert FinancialTransaction.objects.count() == 2

    def test_a_page_of_the_back_office(self, entry: Any, office: Client, forget: Forget) -> None:
        forget(lock_of(TRANSACTIONS))
        response = office.get(f"/admin/finance/financialtransaction/{entry.pk}/change/")
        page = response.content.decode()
        assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
        assert response.headers["Content-Type"].startswith("text/html")
        assert "Another change of the same data is still in progress." in page
        assert "Try again in a moment" in page

    def test_a_form_of_the_back_office(self, office: Client, forget: Forget) -> None:
        forgotten = forget(lock_of("django_admin_log"))
        form = {"email": "carol@example.com", "password1": STRONG, "password2": STRONG}
        response = office.post("/admin/users/user/add/", form)
        assert response.status_code == 503
        assert "Nothing was changed." in response.content.decode()
        forgotten.close()
        assert not User.objects.filter(email="carol@example.com").exists()
        assert office.post("/admin/users/user/add/", form).status_code == 302

    @pytest.mark.parametrize("table", ["users_usersession", "users_user"])
    @pytest.mark.parametrize("path", ["/admin/", "/admin/finance/financialtransaction/", "/_allauth/browser/v1/auth/session"])
    def test_the_session_of_a_browser(self, path: str, table: str, office: Client, forget: Forget) -> None:
        """The session and its user are loaded outside of the view, where Django does not call `process_exception`."""
        forgotten = forget(lock_of(table))
        assert office.get(path).status_code == 503
        forgotten.close()
        assert office.get(path).status_code == 200

    def test_a_failure_after_the_view_is_uncertain(self, office: Client, settings: Settings, forget: Forget) -> None:
        """A session that ends with a response is stored after the view has committed."""
        settings.DEBUG = False
        forget("LOCK TABLE users_usersession IN EXCLUSIVE MODE")  # it can be read, but not changed
        response = office.post(
            "/admin/users/user/add/", {"email": "carol@example.com", "password1": STRONG, "password2": STRONG}
        )
        assert response.status_code == 503
        assert "not known whether the change was saved" in response.content.decode()
        assert User.objects.filter(email="carol@example.com").exists()

    def test_a_login(self, alice: User, forget: Forget) -> None:
        forgotten = forget(lock_of("users_user"))
        body = {"email": alice.email, "password": PASSWORD}
        assert problem(send("auth/login", body))[:2] == (503, "lock_timeout")
        forgotten.close()
        assert send("auth/login", body).status_code in (200, 401)
        alice.refresh_from_db()
        assert alice.login_attempts == 0

    def test_a_webhook_is_stored_by_the_next_delivery(self, settings: Settings, forget: Forget, no_jobs: None) -> None:
        settings.STRIPE_WEBHOOK_SECRETS = [SECRET]
        forgotten = forget(lock_of("procrastinate_jobs"))
        assert problem(deliver(event())) == (503, "lock_timeout", "5")
        assert not StripeEvent.objects.exists()
        forgotten.close()
        assert deliver(event()).status_code == 200
        assert (StripeEvent.objects.count(), ProcrastinateJob.objects.count()) == (1, 1)


class TestSlowStatements:
    @pytest.fixture(autouse=True)
    def _slow(self, limit: SetLimit, entry: Any, as_alice: APIClient, forget: Forget) -> None:
        as_alice.get(LIST)
        limit(statement_timeout="200ms")
        forget(lock_of(TRANSACTIONS))  # a statement that waits is a slow one

    @pytest.mark.parametrize("query", ["", "?search=noodle", "?category=food"])
    def test_a_search_asks_for_a_narrower_one(self, query: str, as_alice: APIClient) -> None:
        response = as_alice.get(f"{LIST}{query}")
        assert problem(response) == (503, "query_timeout", "30")
        assert "Narrow the filter" in response.json()["errors"][0]["detail"]

    def test_the_connection_is_usable_afterwards(self, as_alice: APIClient) -> None:
        assert as_alice.get(LIST).status_code == 503
        assert as_alice.get("/api/v1/finance/expense-due-dates/").status_code == 200


def raise_in_server(state: str) -> DatabaseError:
    """Return the exception for an error of the server with this SQLSTATE."""
    with pytest.raises(DatabaseError) as caught, connection.cursor() as cursor:
        cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '{state}'; END $$")
    return caught.value


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("40001", "transaction_conflict"),
        ("40P01", "transaction_conflict"),
        ("55P03", "lock_timeout"),
        ("57014", "query_timeout"),
        ("25P03", "database_unavailable"),
        ("25006", "database_unavailable"),
        ("53100", "database_unavailable"),  # the disk is full
        ("53200", "database_unavailable"),  # out of memory
        ("53300", "database_unavailable"),  # too many connections
        ("57P01", "database_unavailable"),
        ("57P03", "database_unavailable"),
        ("08006", "database_unavailable"),
    ],
)
def test_each_failure_has_a_code(state: str, code: str) -> None:
    error = raise_in_server(state)
    assert isinstance(error, OperationalError | InternalError)
    found = failure_of(error)
    assert found is not None
    assert found.code == code
    about = ExceptionHandlerContext(view=APIView(), args=(), kwargs={}, request=None)
    assert exception_handler(error, about) is None  # the middleware handles it


@pytest.mark.parametrize("state", ["23505", "23514", "42703", "22003", "25P02", "XX000"])
def test_an_error_of_the_program_is_no_failure(state: str) -> None:
    assert failure_of(raise_in_server(state)) is None
