"""What the compiled list path answers is byte by byte what the plain path answers, headers and all."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group, Permission
from django.http import HttpResponse
from django.test import Client
from django_filters.fields import BaseCSVField, IsoDateTimeField
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from core import clock
from core.api.filtersets import JsonTextField, StrictBooleanField
from core.fast_lists import compiled_queries, fast_path
from core.fast_lists.fast_path import CompiledList
from dev.factories import AccountFactory, PlanFactory, TransactionFactory, UserFactory
from dev.routes import LISTS, Route, make
from finance.models import EncryptedFinancialProfile, FinancialTransaction
from tests.conftest import ClientFor
from tests.contract.list_client import Answers, Asker
from users.models import PersonalAccessToken, User, UserSession

OF_STAFF = "analytics/metrics/"


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """What the compiled path gave, request by request; it knows no list to begin with."""
    found: Answers = []
    answer = CompiledList.respond

    def watched(self: CompiledList, request: Any) -> HttpResponse | None:
        found.append(answer(self, request))
        return found[-1]

    monkeypatch.setattr(CompiledList, "respond", watched)
    monkeypatch.setattr(fast_path, "COMPILED_LISTS", {})
    return found


@pytest.fixture
def asker(request: pytest.FixtureRequest, alice: User, api: ClientFor, answers: Answers) -> Asker:
    if str(getattr(request.node, "callspec", None) and request.node.callspec.params.get("route")) == OF_STAFF:
        alice.is_staff = alice.is_superuser = True
        alice.save()
    client = api(alice)
    client.get("/api/v1/users/me/")  # notes the token's use, which only the plain path can
    return Asker(client, answers)


def sample(field: Any) -> str:
    """A value that a filter takes."""
    if isinstance(field, BaseCSVField):
        return ",".join(str(value) for value, _ in list(getattr(field, "choices", []))[1:3]) or "a,b"
    if getattr(field, "choices", None):
        return str(list(field.choices)[-1][0])
    words = {StrictBooleanField: "true", JsonTextField: '{"a": 1}', IsoDateTimeField: "2026-01-15T10:00:00Z"}
    by_name = {"DayField": "2026-01-15", "UUIDField": str(uuid4()), "CharField": "a", "BooleanField": "true"}
    return next((word for kind, word in words.items() if isinstance(field, kind)), by_name.get(type(field).__name__, "5"))


def filters_of(route: Route) -> dict[str, str]:
    """Every filter of a list with a value."""
    base = getattr(route.view, "filterset_class", None)
    return {
        name: sample(found.field) for name, found in (base.base_filters if base else {}).items() if name != "account_number"
    }


@pytest.mark.parametrize("route", LISTS, ids=str)
def test_a_first_page_is_compiled_and_the_same(route: Route, alice: User, bob: User, asker: Asker) -> None:
    make(route.model, 4, alice)
    make(route.model, 2, bob)
    page = asker.page(route.path())
    assert asker.was_compiled
    assert len(page["results"]) >= 4


@pytest.mark.parametrize("route", LISTS, ids=str)
def test_a_list_answers_the_same_with_fast_lists_off(
    route: Route, alice: User, asker: Asker, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(route.model, 4, alice)
    page = asker.page(route.path())
    assert asker.was_compiled
    settings.FAST_LISTS = False
    monkeypatch.setattr(compiled_queries, "_session", None)  # preparing a statement fails
    asker.client.handler.load_middleware()  # as a process does that starts with it
    assert [asker.client.get(route.path()).json() for _ in range(2)] == [page, page]
    assert len(asker.answers) == 1  # the one above


@pytest.mark.parametrize("route", LISTS, ids=str)
def test_every_order_is_the_same_page_by_page_and_back(route: Route, alice: User, asker: Asker) -> None:
    make(route.model, 5, alice)
    for name in (*route.view.ordering_fields, *(f"-{name}" for name in route.view.ordering_fields)):
        page = asker.page(route.path(), {"ordering": name, "limit": 2})
        assert asker.was_compiled
        following = asker.page(page["next"])
        assert asker.was_compiled
        back = asker.page(following["previous"])
        assert asker.was_compiled
        assert back["results"] == page["results"]


@pytest.mark.parametrize("route", LISTS, ids=str)
def test_every_filter_is_the_same(route: Route, alice: User, asker: Asker) -> None:
    make(route.model, 2, alice)
    for name, value in filters_of(route).items():
        asker.page(route.path(), {name: value})


@pytest.mark.django_db
class TestStaff:
    """A list of theirs, and one that everybody reads."""

    METRICS, PLANS = "/api/v1/analytics/metrics/", "/api/v1/billing/plans/"

    def test_who_is_no_colleague_is_refused_also_where_the_list_is_known(
        self, as_alice: APIClient, administrator: User, api: ClientFor, answers: Answers
    ) -> None:
        colleague = api(administrator)
        assert [colleague.get(self.METRICS).status_code for _ in range(3)] == [200, 200, 200]
        assert answers[-1] is not None
        assert [as_alice.get(self.METRICS).status_code for _ in range(3)] == [403, 403, 403]

    def test_a_permission_counts_from_the_moment_it_is_given_until_it_is_taken(self, api: ClientFor, answers: Answers) -> None:
        colleague = UserFactory.create(is_staff=True)
        asks = api(colleague)
        permission = Permission.objects.get(codename="view_performancemetric")
        group = Group.objects.create(name="numbers")
        group.permissions.add(permission)
        for give, take in (
            (colleague.user_permissions.add, colleague.user_permissions.clear),
            (lambda _: colleague.groups.add(group), colleague.groups.clear),
        ):
            assert asks.get(self.METRICS).status_code == 403
            give(permission)
            assert [asks.get(self.METRICS).status_code for _ in range(3)] == [200, 200, 200]
            assert answers[-1] is not None
            take()
        assert asks.get(self.METRICS).status_code == 403

    def test_who_is_no_longer_staff_is_refused_at_once(self, administrator: User, api: ClientFor) -> None:
        colleague = api(administrator)
        assert [colleague.get(self.METRICS).status_code for _ in range(3)] == [200, 200, 200]
        User.objects.filter(pk=administrator.pk).update(is_staff=False)
        assert colleague.get(self.METRICS).status_code == 403

    def test_staff_see_what_was_retired_and_customers_do_not(
        self, administrator: User, as_alice: APIClient, api: ClientFor, answers: Answers
    ) -> None:
        offered, retired = PlanFactory.create(is_active=True), PlanFactory.create(is_active=False)
        for client, plans in ((as_alice, {offered.name}), (api(administrator), {offered.name, retired.name})) * 3:
            shown = {row["name"] for row in client.get(self.PLANS).json()["results"]}
            assert shown & {offered.name, retired.name} == plans
        assert None not in answers[-2:]

    def test_a_visitor_sees_plans_also_where_the_list_is_known(self, as_alice: APIClient, client: Client) -> None:
        plan = PlanFactory(is_active=True)
        for _ in range(3):
            assert as_alice.get(self.PLANS).status_code == 200
            assert str(plan.pk) in [row["id"] for row in client.get(self.PLANS).json()["results"]]


def test_the_number_of_an_account_is_masked_and_one_that_was_moved_is_not_opened(alice: User, bob: User, asker: Asker) -> None:
    AccountFactory(user=alice, account_number="DE02120300000000202051")
    AccountFactory(user=alice, account_number=None)
    foreign = AccountFactory(user=bob, account_number="DE02120300000000202052")
    page = asker.page("/api/v1/finance/accounts/")
    assert asker.was_compiled
    assert sorted(row["account_number_masked"] for row in page["results"]) == ["", "••••2051"]
    EncryptedFinancialProfile.objects.filter(pk=foreign.pk).update(user=alice)
    page = asker.page("/api/v1/finance/accounts/")
    assert sorted(row["account_number_masked"] for row in page["results"]) == ["", "••••", "••••2051"]


def test_a_session_that_ends_is_gone_from_the_list(alice: User, asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    (session,) = make(UserSession, 1, alice)
    assert len(asker.page("/api/v1/users/sessions/")["results"]) == 1
    assert asker.was_compiled
    monkeypatch.setattr(clock, "now", lambda: session.expires_at)
    assert asker.page("/api/v1/users/sessions/")["results"] == []


class TestAnyQuestion:
    """Transactions, with any filters together."""

    KEYS = filters_of(next(route for route in LISTS if str(route) == "finance/transactions/"))

    @given(
        names=st.sets(st.sampled_from(sorted(KEYS)), max_size=4),
        ordering=st.sampled_from(["-transaction_date", "transaction_date", "amount", "-created_at"]),
        limit=st.integers(1, 200),
    )
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_is_the_same(self, names: set[str], ordering: str, limit: int, alice: User, asker: Asker) -> None:
        if not FinancialTransaction.objects.exists():
            TransactionFactory.create_batch(3, user=alice)
        params: dict[str, Any] = {name: self.KEYS[name] for name in names} | {"ordering": ordering, "limit": limit}
        asker.page("/api/v1/finance/transactions/", params)


PATH = "/api/v1/finance/transactions/"
WRONG = [
    {"limit": "0"},
    {"limit": "9" * 30},
    {"cursor": "x"},
    {"ordering": "password"},
    {"colour": "red"},
    {"amount__gte": "much"},
    {"category": "a\x00b"},
    {"amount__gte": "1e400"},
    {"transaction_date": "2026-02-30"},
    {"search": "coffee"},
]


@pytest.mark.parametrize("params", WRONG, ids=str)
def test_what_is_wrong_is_said_by_the_plain_path(params: dict[str, str], as_alice: APIClient, answers: Answers) -> None:
    plainly = [as_alice.get(PATH, params) for _ in range(2)][-1]
    assert as_alice.get(PATH).status_code == 200
    again = as_alice.get(PATH, params)
    assert (again.status_code, again.content) == (plainly.status_code, plainly.content)
    assert answers[-1] is None


@pytest.fixture
def known(as_alice: APIClient, alice: User, answers: Answers) -> Iterator[Callable[[], int]]:
    """The list's status, after the compiled path has answered it."""
    TransactionFactory(user=alice)
    assert [as_alice.get(PATH).status_code for _ in range(2)] == [200, 200]
    assert answers[-1] is not None
    yield lambda: int(as_alice.get(PATH).status_code)
    assert answers[-1] is None


def test_a_deleted_token_is_refused_at_once(known: Callable[[], int]) -> None:
    PersonalAccessToken.objects.all().delete()
    assert known() == 401


def test_an_expired_token_is_refused_at_once(known: Callable[[], int]) -> None:
    PersonalAccessToken.objects.update(expiry=clock.now() - timedelta(seconds=1))
    assert known() == 401


def test_a_closed_account_is_refused_at_once(known: Callable[[], int], alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert known() == 401


def test_a_use_is_noted_again_after_a_minute(known: Callable[[], int]) -> None:
    before = clock.now() - timedelta(minutes=2)
    PersonalAccessToken.objects.update(last_used_at=before)
    assert known() == 200
    assert PersonalAccessToken.objects.filter(last_used_at__gt=before + timedelta(minutes=1)).exists()


def test_another_token_with_the_same_beginning_opens_nothing(as_alice: APIClient, known: Callable[[], int]) -> None:
    token = PersonalAccessToken.objects.get()
    as_alice.credentials(HTTP_AUTHORIZATION=f"Bearer {token.token_key}{'0' * 60}")
    assert known() == 401


def test_too_many_are_refused(as_alice: APIClient, known: Callable[[], int], settings: Any) -> None:
    settings.RATES = settings.RATES | {"reads": "3/m"}
    while known() == 200:
        assert as_alice.get(PATH).status_code in {200, 429}
    assert known() == 429


def test_a_foreign_host_is_refused(as_alice: APIClient, known: Callable[[], int]) -> None:
    as_alice.defaults["HTTP_HOST"] = "evil.example"
    assert known() == 400
