"""Compiled queries: supported querysets, readable rows, and recovery of the connection."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.core.exceptions import FieldError
from django.db import connection
from django.db.models import F, Q, QuerySet
from rest_framework.test import APIClient

from core import clock, context, rls
from core.context import Role
from core.fast_lists import compiled_queries, query_session
from core.fast_lists.compiled_queries import CompiledQuery, UncompilableError
from core.postgres.expressions import ClockNow
from dev.factories import TransactionFactory
from finance.models import FinancialTransaction
from users.models import User

pytestmark = pytest.mark.django_db
Build = Callable[[dict[str, Any]], QuerySet[Any]]
ROWS = FinancialTransaction.objects.order_by("pk")


def compiled(build: Build, **kinds: type) -> CompiledQuery:
    return compiled_queries.compile_query(build, kinds, connection)


def repeat(times: int, action: Callable[[], object]) -> None:
    for _ in range(times):
        action()


def read(statement: CompiledQuery, **values: Any) -> list[Any]:
    with compiled_queries.open_reader(connection) as rows:
        return [row[0] for row in rows(statement, values)]


def deallocate() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")


@pytest.fixture(params=[False, True], ids=["prepared", "through a pooler"])
def _prepared_or_pooled(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", request.param)


def test_an_owner_for_whom_the_generic_plan_is_slow_gets_another(
    alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query_session, "OWN_PLANS", 4)
    slow = query_session.from_sql(
        f"SELECT current_setting('plan_cache_mode'), pg_sleep(%s) {query_session.CUSTOM_PLAN}", ("seconds",)
    )

    def plans(user: User, *seconds: float) -> list[str]:
        with rls.as_customer(user):
            return [read(slow, seconds=each)[0].removeprefix("force_") for each in seconds]

    generic, own = "generic_plan", "custom_plan"
    assert plans(alice, 0.02, 0, 0.02, 0.02, 0, 0, 0, 0) == [generic, generic, generic, generic, own, own, own, generic]
    assert plans(bob, 0, 0) == [generic, generic]


@pytest.mark.usefixtures("_prepared_or_pooled")
class TestReading:
    OWNERS = ROWS.values_list("user_id")

    def test_values_are_passed_unchanged(self, alice: User) -> None:
        nasty = ["it's", "100 %s", "%%", "a\\'b", "$1", "'; DROP TABLE users_user; --", "Zoë ☕"]
        for text in nasty:
            TransactionFactory(user=alice, merchant_name=text)
        found = compiled(lambda values: ROWS.filter(merchant_name=values["text"]).values_list("merchant_name"), text=str)
        assert [read(found, text=text) for text in nasty] == [[text] for text in nasty]

    def test_constants_are_passed_unchanged(self, alice: User) -> None:
        TransactionFactory(user=alice, merchant_name="100 %s it's")
        found = compiled(
            lambda values: ROWS.filter(merchant_name="100 %s it's", user=values["pk"]).values_list("merchant_name"),
            pk=type(alice.pk),
        )
        assert read(found, pk=alice.pk) == ["100 %s it's"]

    def test_customers_read_only_their_own_rows(self, alice: User, bob: User) -> None:
        TransactionFactory(user=alice)
        TransactionFactory(user=bob)
        all_owners = compiled(lambda values: self.OWNERS)
        for user in (alice, bob, alice):
            with rls.as_customer(user):
                assert read(all_owners) == [user.pk]
        with rls.as_staff():
            assert len(read(all_owners)) == 2

    def test_the_login_role_reads_no_rows(self, alice: User) -> None:
        TransactionFactory(user=alice)
        all_owners = compiled(lambda values: self.OWNERS)
        with rls.as_login_role():
            assert read(all_owners) == []

    def test_a_missing_privilege_leaves_the_connection_usable(self, alice: User) -> None:
        TransactionFactory(user=alice)
        all_owners = compiled(lambda values: self.OWNERS)
        with context.using_role(Role.ACCOUNTS), pytest.raises(psycopg.errors.InsufficientPrivilege):
            read(all_owners)
        assert read(all_owners) == [alice.pk]
        assert FinancialTransaction.objects.count() == 1

    def test_the_next_query_has_its_own_role(self, alice: User, bob: User) -> None:
        TransactionFactory(user=bob)
        all_owners = compiled(lambda values: self.OWNERS)
        with rls.as_customer(alice):
            read(all_owners)
        assert FinancialTransaction.objects.count() == 1  # the test's own role sees all rows

    def test_the_present_time_is_that_of_the_execution(self, monkeypatch: pytest.MonkeyPatch, alice: User) -> None:
        TransactionFactory(user=alice)
        found = compiled(lambda values: ROWS.annotate(now=ClockNow()).values_list("now"))
        for at in (clock.now(), clock.now() + timedelta(days=400)):
            monkeypatch.setattr(clock, "now", lambda at=at: at)
            assert read(found) == [at]


@pytest.mark.parametrize(
    "build",
    [
        lambda values: ROWS.filter(category__in=[values["text"], "x"]).filter(created_at__lt=clock.now()),
        lambda values: ROWS.filter(transaction_date__lt=clock.now().date(), category=values["text"]),
        lambda values: ROWS.filter(category=values["text"].upper()),
        lambda values: ROWS.filter(category__icontains=values["text"]),
        lambda values: ROWS.filter(Q(category=values["text"]) if values["text"] < "unmistakable 8" else Q()),
        lambda values: ROWS.none(),
        lambda values: ROWS.filter(pk__in=[]),
        lambda values: ROWS.filter(metadata__contains={"a": 1}, category=values["text"]),
        lambda values: ROWS.all(),
    ],
    ids=["now", "today", "changed", "a pattern", "either", "none", "empty", "json", "unused"],
)
def test_a_query_that_can_not_be_compiled_is_refused(build: Build) -> None:
    # a query that depends on the value differs sooner or later, and is then refused
    with pytest.raises(UncompilableError):
        repeat(20, lambda: compiled(lambda values: build(values).values_list("pk"), text=str))


def test_a_fault_in_a_query_is_not_hidden_as_one_that_can_not_be_compiled() -> None:
    with pytest.raises(FieldError):
        compiled(lambda values: ROWS.filter(no_such_field=values["text"]), text=str)


def test_a_connection_limits_its_prepared_statements(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_session, "MAX_PREPARED_STATEMENTS", 3)
    TransactionFactory(user=alice)
    deallocate()  # statements of other tests
    compiled_queries._sessions.clear()
    found = [compiled(lambda values, last=number + 1: ROWS.values_list(F("pk"))[:last]) for number in range(6)]  # type: ignore[misc]
    for statement in (*found, *found):
        assert len(read(statement)) == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'mingus%%' AND statement LIKE '%%LIMIT _'")
        assert cursor.fetchone()[0] <= 3


def alter(column: str, kind: str) -> None:
    table, _, name = column.partition(".")
    with rls.as_login_role(), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} ALTER COLUMN {name} TYPE {kind}")


@pytest.fixture
def altered(transactional_db: None) -> Iterator[Callable[[str], None]]:
    """Yield a function that changes a column as a migration might, and restore the columns after the test."""
    columns: list[str] = []

    def change(column: str) -> None:
        columns.append(column)
        alter(column, "text")

    yield change
    for column in columns:
        alter(column, "varchar(100)")


LIST, PROFILE = "/api/v1/finance/accounts/", "/api/v1/users/profile/"
TOKEN, ACCOUNT = "users_personalaccesstoken.name", "finance_encryptedfinancialprofile.profile_name"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_gone", [False, True], ids=["a migration", "gone"])
def test_a_lost_prepared_statement_is_prepared_again(
    is_gone: bool, altered: Callable[[str], None], account: object, as_alice: APIClient
) -> None:
    page = as_alice.get(LIST).json()
    as_alice.get(LIST)
    deallocate() if is_gone else altered(ACCOUNT)
    assert as_alice.get(LIST).json() == page
    assert as_alice.get(PROFILE).status_code == 200
    deallocate() if is_gone else altered(TOKEN)
    assert as_alice.get(PROFILE).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_within_a_transaction_the_client_must_retry(altered: Callable[[str], None], account: Any, as_alice: APIClient) -> None:
    body = {"financial_profile": account.pk, "transaction_type": "expense", "amount": "-1.00", "transaction_date": "2026-03-01"}
    assert as_alice.post("/api/v1/finance/transactions/", body).status_code == 201
    altered(ACCOUNT)
    response = as_alice.post("/api/v1/finance/transactions/", body)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert as_alice.post("/api/v1/finance/transactions/", body).status_code == 201
    assert FinancialTransaction.objects.count() == 2
