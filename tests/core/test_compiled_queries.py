"""Kept statements: what can be one, what they may read, and that a connection survives whatever they do."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.db.models import F, Q, QuerySet
from rest_framework.test import APIClient

from core import clock, context, rls
from core.context import Role
from core.fast_lists import compiled_queries
from core.fast_lists.compiled_queries import CompiledQuery, UncompilableError
from core.postgres.expressions import ClockNow
from dev.factories import TransactionFactory
from finance.models import FinancialTransaction
from users.models import User

pytestmark = pytest.mark.django_db
Build = Callable[[dict[str, Any]], QuerySet[Any]]
ROWS = FinancialTransaction.objects.order_by("pk")


def kept(build: Build, **kinds: type) -> CompiledQuery:
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
def _either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", request.param)


@pytest.mark.usefixtures("_either_way")
class TestReading:
    OWNERS = ROWS.values_list("user_id")

    def test_values_arrive_as_they_are(self, alice: User) -> None:
        nasty = ["it's", "100 %s", "%%", "a\\'b", "$1", "'; DROP TABLE users_user; --", "Zoë ☕"]
        for text in nasty:
            TransactionFactory(user=alice, category=text)
        found = kept(lambda values: ROWS.filter(category=values["text"]).values_list("category"), text=str)
        assert [read(found, text=text) for text in nasty] == [[text] for text in nasty]

    def test_constants_stay_as_they_are(self, alice: User) -> None:
        TransactionFactory(user=alice, category="100 %s it's")
        found = kept(
            lambda values: ROWS.filter(category="100 %s it's", user=values["pk"]).values_list("category"), pk=type(alice.pk)
        )
        assert read(found, pk=alice.pk) == ["100 %s it's"]

    def test_a_customer_meets_his_own_rows_without_any_filter(self, alice: User, bob: User) -> None:
        TransactionFactory(user=alice)
        TransactionFactory(user=bob)
        everybodys = kept(lambda values: self.OWNERS)
        for user in (alice, bob, alice):
            with rls.as_customer(user):
                assert read(everybodys) == [user.pk]
        with rls.as_staff():
            assert len(read(everybodys)) == 2

    def test_nobody_meets_nothing(self, alice: User) -> None:
        TransactionFactory(user=alice)
        everybodys = kept(lambda values: self.OWNERS)
        with rls.as_login_role():
            assert read(everybodys) == []

    def test_without_the_right_it_is_an_error_and_the_connection_goes_on(self, alice: User) -> None:
        TransactionFactory(user=alice)
        everybodys = kept(lambda values: self.OWNERS)
        with context.using_role(Role.ACCOUNTS), pytest.raises(psycopg.errors.InsufficientPrivilege):
            read(everybodys)
        assert read(everybodys) == [alice.pk]
        assert FinancialTransaction.objects.count() == 1

    def test_what_is_asked_afterwards_has_its_own_reach(self, alice: User, bob: User) -> None:
        TransactionFactory(user=bob)
        everybodys = kept(lambda values: self.OWNERS)
        with rls.as_customer(alice):
            read(everybodys)
        assert FinancialTransaction.objects.count() == 1  # the test's own reach: everybody's

    def test_the_present_instant_is_that_of_the_reading(self, monkeypatch: pytest.MonkeyPatch, alice: User) -> None:
        TransactionFactory(user=alice)
        found = kept(lambda values: ROWS.annotate(now=ClockNow()).values_list("now"))
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
        lambda values: ROWS.filter(no_such_field=values["text"]),
        lambda values: ROWS.filter(pk__in=[]),
        lambda values: ROWS.filter(metadata__contains={"a": 1}, category=values["text"]),
        lambda values: ROWS.all(),
    ],
    ids=["now", "today", "changed", "a pattern", "either", "none", "unknown", "empty", "json", "not asked for"],
)
def test_what_can_not_be_kept_is_refused(build: Build) -> None:
    # a query that looks at the value shows it sooner or later, and is caught when it does
    with pytest.raises(UncompilableError):
        repeat(20, lambda: kept(lambda values: build(values).values_list("pk"), text=str))


def test_a_connection_keeps_so_many_and_no_more(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled_queries, "MAX_PREPARED_STATEMENTS", 3)
    TransactionFactory(user=alice)
    deallocate()  # what other tests have left
    compiled_queries._sessions.clear()
    found = [kept(lambda values, last=number + 1: ROWS.values_list(F("pk"))[:last]) for number in range(6)]  # type: ignore[misc]
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
    """Does to a column what a migration might do; undone after the test."""
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
def test_what_is_prepared_no_longer_is_prepared_anew(
    is_gone: bool, altered: Callable[[str], None], account: object, as_alice: APIClient
) -> None:
    page = as_alice.get(LIST).json()
    as_alice.get(LIST)
    deallocate() if is_gone else altered(ACCOUNT)
    assert as_alice.get(LIST).json() == page
    assert as_alice.get(PROFILE).status_code == 404  # hers is not there yet, but she is known
    deallocate() if is_gone else altered(TOKEN)
    assert as_alice.get(PROFILE).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_within_a_transaction_the_request_has_to_be_sent_again(
    altered: Callable[[str], None], account: Any, as_alice: APIClient
) -> None:
    body = {"financial_profile": account.pk, "transaction_type": "expense", "amount": "-1.00", "transaction_date": "2026-03-01"}
    assert as_alice.post("/api/v1/finance/transactions/", body).status_code == 201
    altered(ACCOUNT)
    answer = as_alice.post("/api/v1/finance/transactions/", body)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert as_alice.post("/api/v1/finance/transactions/", body).status_code == 201
    assert FinancialTransaction.objects.count() == 2
