"""The use of each index of the 24 models by a query of the product, on tables filled as in production.

`USES` names a query for each index. A test fails for an index without an entry, and for an entry whose index the planner does
not use, because such an index slows every write and serves no query.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib.postgres.indexes import GinIndex
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from billing import services as billing
from billing.models import Subscription
from core import clock
from core.fast_lists import fast_path
from dev.routes import LISTS, OWNED_LISTS, Route
from finance import services as finance
from finance.models import Category
from tests.conftest import ClientFor
from tests.contract.dictionary import Entry, contracts
from tests.contract.realistic import Scene, filled
from tests.sign_in import sign_in
from users.models import User

JSON = [entry for contract in contracts() for entry in contract.entries if entry.type == "json"]
ATTACHMENTS = "/api/v1/finance/attachments/"
PLAN_CATALOG = "billing.SubscriptionPlan"  # a dozen rows: it has a GIN index as all JSON has, and the planner uses none
OF_OWNED_LISTS = [(route, entry) for route in OWNED_LISTS for entry in JSON if entry.model is route.model]
# Each index with the index of its partitioned table, its uniqueness and its first column.
INDEXES = """
SELECT each.relname, coalesce(pg_partition_root(each.oid), each.oid)::regclass::text, indisunique,
       pg_get_indexdef(each.oid, 1, true)
  FROM pg_index JOIN pg_class AS each ON each.oid = indexrelid
 WHERE coalesce(pg_partition_root(indrelid), indrelid) = ANY (%s::regclass[])
"""


@dataclass
class Plans:
    """A wrapper for `connection.execute_wrapper` that collects the indexes in the plan of each statement."""

    used: set[str] = field(default_factory=set)

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, about: dict[str, Any]) -> Any:
        if isinstance(sql, str) and sql.startswith(("SELECT", "UPDATE", "DELETE")):
            execute(f"EXPLAIN (FORMAT JSON) {sql}", params, many, about)
            [(plan,)] = about["cursor"].fetchall()
            self.used |= set(_indexes(json.loads(plan) if isinstance(plan, str) else plan))
        return execute(sql, params, many, about)


def _indexes(plan: Any) -> Iterator[str]:
    """Yield the names of the indexes that a plan reads."""
    if isinstance(plan, list):
        for part in plan:
            yield from _indexes(part)
    elif isinstance(plan, dict):
        yield from (value for key, value in plan.items() if key == "Index Name")
        for part in plan.values():
            yield from _indexes(part)


def _merge(user: User, name: str, *, into: str) -> None:
    merged, remaining = (Category.objects.get(user=user, slug=slug) for slug in (name, into))
    finance.merge_names(merged=merged, into=remaining, now=clock.now())


@contextmanager
def plans() -> Iterator[Plans]:
    """Collect the indexes that the statements of the block read."""
    found = Plans()
    with connection.execute_wrapper(found):
        yield found
    names = {name: whole for name, whole, _, _ in indexes()}
    found.used = {names.get(name, name) for name in found.used}


def indexes() -> list[tuple[str, str, bool, str]]:
    with connection.cursor() as cursor:
        cursor.execute(INDEXES, [[contract.model._meta.db_table for contract in contracts()]])
        return cursor.fetchall()


@dataclass
class Clients:
    """Clients of Alice, who has the most rows, of Bob, who has as many as others, and of an administrator."""

    scene: Scene
    alice: APIClient
    bob: APIClient
    staff: APIClient
    office: Client
    administrator: User


Use = Callable[[Clients], Any]


def _assert_ok(response: Any) -> None:
    assert response.status_code == 200, response.content


def listed(path: str) -> Use:
    """Return a request of Alice for a list of the API."""
    return lambda clients: _assert_ok(clients.alice.get(f"/api/v1/{path.format(account=clients.scene.account.pk)}"))


def by_staff(path: str) -> Use:
    """Return a request of staff for a list of the API."""
    return lambda clients: _assert_ok(clients.staff.get(f"/api/v1/{path}"))


def page(path: str) -> Use:
    """Return a request for a page of the back office."""
    return lambda clients: _assert_ok(clients.office.get(f"/admin/{path}"))


USES: dict[str, Use] = {
    "users_user_newest": page("users/user/"),
    "users_user_email_243f6e77_like": page("users/user/?q=user4711@"),
    "billing_sub_local": lambda clients: list(Subscription.objects.local_past_period_end(clock.now())),
    "billing_subscription_plan_id_4e20d4ad": lambda clients: billing.regrant_plan(
        plan=clients.scene.subscription.plan, now=clock.now()
    ),
    "billing_invoice_by_date": listed("billing/history/"),
    "billing_billinghistory_subscription_id_184e414a": lambda clients: clients.scene.subscription.delete(),
    "health_goal_newest": listed("health/goals/"),
    "finance_account_newest": listed("finance/accounts/"),
    "finance_account_number": listed("finance/accounts/?account_number=0001234567"),
    "finance_income_due_next": listed("finance/income-due-dates/"),
    "finance_expense_due_next": listed("finance/expense-due-dates/"),
    "finance_tx_by_day": listed("finance/transactions/"),
    "finance_tx_by_account": listed("finance/transactions/?financial_profile={account}"),
    "finance_tx_by_payee": listed("finance/payees/?name=payee 7"),
    "finance_tx_by_category": lambda clients: _merge(clients.scene.alice, "pets", into="books"),
    "finance_tx_split": listed("finance/transactions/?divided_by=splits&category=food"),
    "finance_split_by_category": listed("finance/transaction-splits/?category=food"),
    "finance_share_by_expense": listed("finance/refund-shares/?expense=00000000-0000-4000-8000-000000000001"),
    "finance_transfer_newest": listed("finance/transfers/"),
    "finance_transfer_incoming": listed("finance/transfers/?incoming=00000000-0000-4000-8000-000000000001"),
    "finance_rule_in_order": listed("finance/rules/"),
    "finance_rate_newest": listed("finance/exchange-rates/"),
    "finance_attachment_newest": listed("finance/attachments/"),
    "finance_attachment_tx": lambda clients: _assert_ok(
        clients.alice.get(ATTACHMENTS, {"transaction": clients.scene.alice.attachment_set.latest("pk").transaction_id})
    ),
    "finance_attachment_detached": lambda clients: finance.delete_detached(now=clock.now()),
    "finance_projection_newest": listed("finance/income-projections/"),
    "analytics_event_by_day": listed("analytics/events/"),
    "analytics_event_by_type": listed("analytics/events/?event_type=import"),
    "analytics_usage_by_day": listed("analytics/feature-usage/"),
    "analytics_metric_by_day": by_staff("analytics/metrics/"),
    "analytics_metric_by_name": by_staff("analytics/metrics/?metric_name=metric 7"),
    "analytics_metric_by_category": by_staff("analytics/metrics/?category=category 7"),
    "analytics_feedback_by_day": listed("analytics/feedback/"),
    "analytics_feedback_newest": listed("analytics/feedback/?ordering=-created_at"),
    "analytics_userfeedback_assigned_to_id_5c832f5c": lambda clients: clients.administrator.delete(),
    "career_analysis_by_day": listed("career/job-security/"),
    "career_milestone_newest": listed("career/milestones/"),
    "career_milestone_by_date": listed("career/milestones/?ordering=target_date"),
    "system_alert_newest": listed("system/alerts/"),
    "system_date_by_day": listed("system/important-dates/"),
}


def gin_of(entry: Entry) -> str:
    """Return the name of the GIN index of a JSON field."""
    [name] = [index.name for index in entry.model._meta.indexes if isinstance(index, GinIndex) and index.fields == [entry.name]]
    return str(name)


def probe(entry: Entry) -> Any:
    """Return a value that one row of six thousand contains."""
    if entry.name == "sources":
        return {"note": {"version": 4711}}
    if entry.name == "actions":
        return [{"value": "4711"}]
    return {"row": 4711} if entry.model._meta.get_field(entry.name).default is dict else ["row 4711"]


@pytest.fixture(scope="module")
def scene(django_db_setup: None, django_db_blocker: Any) -> Iterator[Scene]:
    with django_db_blocker.unblock(), filled() as scene:
        yield scene


@pytest.fixture
def clients(scene: Scene, administrator: User, api: ClientFor, monkeypatch: pytest.MonkeyPatch) -> Clients:
    monkeypatch.setattr(fast_path, "COMPILED_VIEWS", {})  # the first request takes the plain path
    office = Client()
    sign_in(office, administrator)
    return Clients(scene, api(scene.alice), api(scene.bob), api(administrator), office, administrator)


@pytest.mark.parametrize("name", USES)
def test_an_index_is_used_by_its_query(name: str, clients: Clients) -> None:
    with plans() as plan:
        USES[name](clients)
    assert name in plan.used


@pytest.mark.django_db
def test_every_index_has_a_query() -> None:
    named = {*USES, *(gin_of(entry) for entry in JSON)}
    assert {name for name, whole, is_unique, _ in indexes() if name == whole and not is_unique} == named


@pytest.mark.parametrize("entry", [entry for entry in JSON if entry.model._meta.label != PLAN_CATALOG], ids=str)
@pytest.mark.django_db
def test_staff_search_inside_json_by_its_gin_index(entry: Entry, scene: Scene) -> None:
    with plans() as plan:
        found = list(entry.model._base_manager.filter(**{f"{entry.name}__contains": probe(entry)}))
    assert plan.used == {gin_of(entry)}
    assert len(found) == 1


@pytest.mark.parametrize(("route", "entry"), OF_OWNED_LISTS, ids=str)
def test_a_customers_json_search_uses_an_index_of_the_owner(route: Route, entry: Entry, clients: Clients) -> None:
    with plans() as plan:
        _assert_ok(clients.bob.get(route.path(), {f"{entry.name}__contains": json.dumps(probe(entry))}))
    firsts = {column for name, _, _, column in indexes() if name in plan.used}
    assert gin_of(entry) not in plan.used
    assert "user_id" in firsts


@pytest.mark.parametrize("route", LISTS, ids=str)
def test_every_json_field_of_a_list_has_its_filter(route: Route) -> None:
    wanted = {f"{entry.name}__contains" for entry in JSON if entry.model is route.model}
    assert wanted <= set(getattr(route.view.filterset_class, "base_filters", {}))
