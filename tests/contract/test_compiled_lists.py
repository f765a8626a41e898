"""Compiled lists, whose responses and headers must be the same as those of the plain path."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django_filters.fields import BaseCSVField, IsoDateTimeField
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from core import clock
from core.api.filters.filtersets import CurrencyFilter, JsonTextField, KeysFilter, StrictBooleanField
from core.fast_lists import compiled_queries
from dev.factories import AccountFactory, PlanFactory, TransactionFactory, UserFactory
from dev.routes import LISTS, OWNED_LISTS, Route, make
from finance.models import EncryptedFinancialProfile, FinancialTransaction
from tests import long_series
from tests.conftest import ClientFor
from tests.contract.list_client import SESSION_CREDENTIALS, ListClient, Responses, used, watch
from users.models import PersonalAccessToken, User, UserSession

OF_STAFF = "analytics/metrics/"


@pytest.fixture
def responses(monkeypatch: pytest.MonkeyPatch) -> Responses:
    """Record the responses of the compiled path, which has no compiled list at first."""
    return watch(monkeypatch)


@pytest.fixture
def lists(request: pytest.FixtureRequest, alice: User, api: ClientFor, responses: Responses) -> ListClient:
    if str(getattr(request.node, "callspec", None) and request.node.callspec.params.get("route")) == OF_STAFF:
        alice.is_staff = alice.is_superuser = True
        alice.save()
    return ListClient(used(api(alice)), responses)


def sample(found: Any) -> str:
    """Return a value that a filter accepts."""
    field = found.field
    if isinstance(found, KeysFilter):
        return f"{uuid4()},{uuid4()}"
    if isinstance(found, CurrencyFilter):
        return "EUR,USD" if isinstance(field, BaseCSVField) else "EUR"
    if isinstance(field, BaseCSVField):
        return ",".join(str(value) for value, _ in list(getattr(field, "choices", []))[1:3]) or "a,b"
    if getattr(field, "choices", None):
        return str(list(field.choices)[-1][0])
    words = {StrictBooleanField: "true", JsonTextField: '{"a": 1}', IsoDateTimeField: "2026-01-15T10:00:00Z"}
    by_name = {"DayField": "2026-01-15", "UUIDField": str(uuid4()), "CharField": "a", "BooleanField": "true"}
    return next((word for kind, word in words.items() if isinstance(field, kind)), by_name.get(type(field).__name__, "5"))


def filters_of(route: Route) -> dict[str, str]:
    """Return every filter of a list with a value."""
    base = getattr(route.view, "filterset_class", None)
    return {name: sample(found) for name, found in (base.base_filters if base else {}).items() if name != "account_number"}


@pytest.mark.parametrize("route", LISTS, ids=str)
def test_a_first_page_is_compiled_and_the_same(route: Route, alice: User, bob: User, lists: ListClient) -> None:
    make(route.model, 4, alice)
    make(route.model, 2, bob)
    page = lists.page(route.path())
    assert lists.was_compiled
    assert len(page["results"]) >= 4


@pytest.mark.parametrize("route", OWNED_LISTS, ids=str)
@pytest.mark.parametrize("credential", SESSION_CREDENTIALS)
def test_a_first_page_by_session_is_compiled_and_the_same(
    route: Route, credential: str, alice: User, bob: User, responses: Responses
) -> None:
    make(route.model, 2, alice)
    make(route.model, 1, bob)
    ListClient(used(SESSION_CREDENTIALS[credential](alice)), responses).page(route.path())
    assert responses[-1] is not None


@pytest.mark.parametrize("route", LISTS, ids=str)
def test_a_list_is_the_same_with_fast_lists_off(
    route: Route, alice: User, lists: ListClient, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(route.model, 4, alice)
    page = lists.page(route.path())
    assert lists.was_compiled
    settings.FAST_LISTS = False
    monkeypatch.setattr(compiled_queries, "_session", None)  # makes the preparation of a statement fail
    lists.client.handler.load_middleware()  # as at the start of a process with this setting
    assert [lists.client.get(route.path()).json() for _ in range(2)] == [page, page]
    assert len(lists.responses) == 1  # from the page above


@pytest.mark.long
@pytest.mark.parametrize("route", LISTS, ids=str)
def test_every_ordering_is_the_same_in_both_directions(route: Route, alice: User, lists: ListClient) -> None:
    make(route.model, 5, alice)
    orderings = (*route.view.ordering_fields, *(f"-{name}" for name in route.view.ordering_fields))
    for name in long_series.some(orderings, sample=4):
        page = lists.page(route.path(), {"ordering": name, "limit": 2})
        assert lists.was_compiled
        second = lists.page(page["next"])
        assert lists.was_compiled
        back = lists.page(second["previous"])
        assert lists.was_compiled
        assert back["results"] == page["results"]


@pytest.mark.long
@pytest.mark.parametrize("route", LISTS, ids=str)
def test_every_filter_is_the_same(route: Route, alice: User, lists: ListClient) -> None:
    make(route.model, 2, alice)
    values = filters_of(route)
    for name in long_series.some(values, sample=8):
        lists.page(route.path(), {name: values[name]})


@pytest.mark.django_db
class TestStaff:
    """A list that only staff may read, and one that everyone may read."""

    METRICS, PLANS = "/api/v1/analytics/metrics/", "/api/v1/billing/plans/"

    def test_customers_are_refused_although_the_list_is_compiled(
        self, as_alice: APIClient, administrator: User, api: ClientFor, responses: Responses
    ) -> None:
        staff_client = api(administrator)
        assert [staff_client.get(self.METRICS).status_code for _ in range(3)] == [200, 200, 200]
        assert responses[-1] is not None
        assert [as_alice.get(self.METRICS).status_code for _ in range(3)] == [403, 403, 403]

    def test_permissions_take_effect_and_end_at_once(self, api: ClientFor, responses: Responses) -> None:
        staff = UserFactory.create(is_staff=True)
        staff_client = api(staff)
        permission = Permission.objects.get(codename="view_performancemetric")
        group = Group.objects.create(name="numbers")
        group.permissions.add(permission)
        for give, take in (
            (staff.user_permissions.add, staff.user_permissions.clear),
            (lambda _: staff.groups.add(group), staff.groups.clear),
        ):
            assert staff_client.get(self.METRICS).status_code == 403
            give(permission)
            assert [staff_client.get(self.METRICS).status_code for _ in range(3)] == [200, 200, 200]
            assert responses[-1] is not None
            take()
        assert staff_client.get(self.METRICS).status_code == 403

    def test_former_staff_are_refused_at_once(self, administrator: User, api: ClientFor) -> None:
        staff_client = api(administrator)
        assert [staff_client.get(self.METRICS).status_code for _ in range(3)] == [200, 200, 200]
        User.objects.filter(pk=administrator.pk).update(is_staff=False)
        assert staff_client.get(self.METRICS).status_code == 403

    def test_only_staff_see_retired_plans(
        self, administrator: User, as_alice: APIClient, api: ClientFor, responses: Responses
    ) -> None:
        offered, retired = PlanFactory.create(is_active=True), PlanFactory.create(is_active=False)
        for client, plans in ((as_alice, {offered.name}), (api(administrator), {offered.name, retired.name})) * 3:
            shown = {row["name"] for row in client.get(self.PLANS).json()["results"]}
            assert shown & {offered.name, retired.name} == plans
        assert None not in responses[-2:]

    def test_a_visitor_sees_plans_although_the_list_is_compiled(self, as_alice: APIClient, client: Client) -> None:
        plan = PlanFactory(is_active=True)
        for _ in range(3):
            assert as_alice.get(self.PLANS).status_code == 200
            assert str(plan.pk) in [row["id"] for row in client.get(self.PLANS).json()["results"]]


def test_account_numbers_are_masked_and_moved_ones_hidden(alice: User, bob: User, lists: ListClient) -> None:
    AccountFactory(user=alice, account_number="DE02120300000000202051")
    AccountFactory(user=alice, account_number=None)
    foreign = AccountFactory(user=bob, account_number="DE02120300000000202052")
    page = lists.page("/api/v1/finance/accounts/")
    assert lists.was_compiled
    assert sorted(row["account_number_masked"] for row in page["results"]) == ["", "••••2051"]
    EncryptedFinancialProfile.objects.filter(pk=foreign.pk).update(user=alice)
    page = lists.page("/api/v1/finance/accounts/")
    assert sorted(row["account_number_masked"] for row in page["results"]) == ["", "••••", "••••2051"]


def test_an_expired_session_is_not_listed(alice: User, lists: ListClient, monkeypatch: pytest.MonkeyPatch) -> None:
    (session,) = make(UserSession, 1, alice)
    assert len(lists.page("/api/v1/users/sessions/")["results"]) == 1
    assert lists.was_compiled
    monkeypatch.setattr(clock, "now", lambda: session.expires_at)
    assert lists.page("/api/v1/users/sessions/")["results"] == []


class TestAnyQuery:
    """The list of transactions with any combination of filters."""

    KEYS = filters_of(next(route for route in LISTS if str(route) == "finance/transactions/"))

    @given(
        names=st.sets(st.sampled_from(sorted(KEYS)), max_size=4),
        ordering=st.sampled_from(["-transaction_date", "transaction_date", "amount", "-created_at"]),
        limit=st.integers(1, 200),
    )
    @pytest.mark.long
    @settings(
        max_examples=long_series.size(15, whole=40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    def test_both_paths_return_the_same_page(
        self, names: set[str], ordering: str, limit: int, alice: User, lists: ListClient
    ) -> None:
        if not FinancialTransaction.objects.exists():
            TransactionFactory.create_batch(3, user=alice)
        params: dict[str, Any] = {name: self.KEYS[name] for name in names} | {"ordering": ordering, "limit": limit}
        lists.page("/api/v1/finance/transactions/", params)


PATH = "/api/v1/finance/transactions/"
WRONG = [
    {"limit": "0"},
    {"limit": "9" * 30},
    {"cursor": "x"},
    {"ordering": "password"},
    {"color": "red"},
    {"amount__gte": "much"},
    {"category": "a\x00b"},
    {"amount__gte": "1e400"},
    {"transaction_date": "2026-02-30"},
    {"search": "color:red"},
    {"search": "coffee sort:date", "ordering": "amount"},
]


@pytest.mark.parametrize("params", WRONG, ids=str)
def test_errors_are_returned_by_the_plain_path(params: dict[str, str], as_alice: APIClient, responses: Responses) -> None:
    plain = [as_alice.get(PATH, params) for _ in range(2)][-1]
    assert as_alice.get(PATH).status_code == 200
    again = as_alice.get(PATH, params)
    assert (again.status_code, again.content) == (plain.status_code, plain.content)
    assert responses[-1] is None


@pytest.fixture
def known(as_alice: APIClient, alice: User, responses: Responses) -> Iterator[Callable[[], int]]:
    """Yield a function that returns the list's status, after the list was compiled."""
    TransactionFactory(user=alice)
    assert [as_alice.get(PATH).status_code for _ in range(2)] == [200, 200]
    assert responses[-1] is not None
    yield lambda: int(as_alice.get(PATH).status_code)
    assert responses[-1] is None


def test_a_deleted_token_is_refused_at_once(known: Callable[[], int]) -> None:
    PersonalAccessToken.objects.all().delete()
    assert known() == 401


def test_an_expired_token_is_refused_at_once(known: Callable[[], int]) -> None:
    PersonalAccessToken.objects.update(expiry=clock.now() - timedelta(seconds=1))
    assert known() == 401


def test_a_closed_account_is_refused_at_once(known: Callable[[], int], alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert known() == 401


def test_the_use_of_a_token_is_recorded_after_a_minute(known: Callable[[], int]) -> None:
    before = clock.now() - timedelta(minutes=2)
    PersonalAccessToken.objects.update(last_used_at=before)
    assert known() == 200
    assert PersonalAccessToken.objects.filter(last_used_at__gt=before + timedelta(minutes=1)).exists()


def test_another_token_with_the_same_beginning_is_refused(as_alice: APIClient, known: Callable[[], int]) -> None:
    token = PersonalAccessToken.objects.get()
    as_alice.credentials(HTTP_AUTHORIZATION=f"Bearer {token.token_key}{'0' * 60}")
    assert known() == 401


def test_too_many_requests_are_refused(as_alice: APIClient, known: Callable[[], int], settings: Any) -> None:
    settings.RATES = settings.RATES | {"reads": "3/m"}
    while known() == 200:
        assert as_alice.get(PATH).status_code in {200, 429}
    assert known() == 429


def test_an_unknown_host_is_refused(as_alice: APIClient, known: Callable[[], int]) -> None:
    as_alice.defaults["HTTP_HOST"] = "evil.example"
    assert known() == 400
