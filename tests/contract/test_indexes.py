"""Each index of the 24 models earns its keep: a query of the product uses it, on tables as full as a running service's.

`USES` says which. An index that no entry names fails, and so does an entry whose index the planner passes over: such an index
costs every write and serves nobody.
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
from tests.conftest import ClientFor
from tests.contract.dictionary import Entry, contracts
from tests.contract.realistic import Scene, filled
from tests.sign_in import sign_in
from users.models import User

JSON = [entry for contract in contracts() for entry in contract.entries if entry.type == "json"]
CATALOGUE_OF_PLANS = "billing.SubscriptionPlan"  # a dozen rows: its JSON has the indexes that all JSON has, and needs none
OF_OWNED_LISTS = [(route, entry) for route in OWNED_LISTS for entry in JSON if entry.model is route.model]
# By name: whether it is unique, which of its columns comes first. Partitions' indexes count as their table's.
CATALOGUE = """
SELECT each.relname, coalesce(pg_partition_root(each.oid), each.oid)::regclass::text, indisunique,
       pg_get_indexdef(each.oid, 1, true)
  FROM pg_index JOIN pg_class AS each ON each.oid = indexrelid
 WHERE coalesce(pg_partition_root(indrelid), indrelid) = ANY (%s::regclass[])
"""


@dataclass
class Plans:
    """Asks the database for its plan before each statement; for `connection.execute_wrapper`."""

    used: set[str] = field(default_factory=set)

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, about: dict[str, Any]) -> Any:
        if isinstance(sql, str) and sql.startswith(("SELECT", "UPDATE", "DELETE")):
            execute(f"EXPLAIN (FORMAT JSON) {sql}", params, many, about)
            [(plan,)] = about["cursor"].fetchall()
            self.used |= set(_indexes(json.loads(plan) if isinstance(plan, str) else plan))
        return execute(sql, params, many, about)


def _indexes(plan: Any) -> Iterator[str]:
    """The indexes that a plan reads."""
    if isinstance(plan, list):
        for part in plan:
            yield from _indexes(part)
    elif isinstance(plan, dict):
        yield from (value for key, value in plan.items() if key == "Index Name")
        for part in plan.values():
            yield from _indexes(part)


@contextmanager
def plans() -> Iterator[Plans]:
    """What the statements of the block would read."""
    found = Plans()
    with connection.execute_wrapper(found):
        yield found
    names = {name: whole for name, whole, _, _ in indexes()}
    found.used = {names.get(name, name) for name in found.used}


def indexes() -> list[tuple[str, str, bool, str]]:
    with connection.cursor() as cursor:
        cursor.execute(CATALOGUE, [[contract.model._meta.db_table for contract in contracts()]])
        return cursor.fetchall()


@dataclass
class Asker:
    """Alice, who has the most rows, Bob, who has as many as others, and a colleague at the API and at the back office."""

    scene: Scene
    alice: APIClient
    bob: APIClient
    colleague: APIClient
    office: Client
    administrator: User


Use = Callable[[Asker], Any]


def _got(answer: Any) -> None:
    assert answer.status_code == 200, answer.content


def listed(path: str) -> Use:
    """A customer's list of the API."""
    return lambda asker: _got(asker.alice.get(f"/api/v1/{path.format(account=asker.scene.account.pk)}"))


def by_staff(path: str) -> Use:
    """A list of the API that only staff read."""
    return lambda asker: _got(asker.colleague.get(f"/api/v1/{path}"))


def page(path: str) -> Use:
    """A page of the back office."""
    return lambda asker: _got(asker.office.get(f"/admin/{path}"))


USES: dict[str, Use] = {
    "users_user_newest": page("users/user/"),
    "users_user_email_243f6e77_like": page("users/user/?q=somebody4711@"),
    "billing_sub_local": lambda asker: list(Subscription.objects.local_past_period_end(clock.now())),
    "billing_subscription_plan_id_4e20d4ad": lambda asker: billing.regrant_plan(
        plan=asker.scene.subscription.plan, now=clock.now()
    ),
    "billing_invoice_by_date": listed("billing/history/"),
    "billing_billinghistory_subscription_id_184e414a": lambda asker: asker.scene.subscription.delete(),
    "health_goal_newest": listed("health/goals/"),
    "finance_account_newest": listed("finance/accounts/"),
    "finance_account_number": listed("finance/accounts/?account_number=0001234567"),
    "finance_income_due_next": listed("finance/income-due-dates/"),
    "finance_expense_due_next": listed("finance/expense-due-dates/"),
    "finance_tx_by_day": listed("finance/transactions/"),
    "finance_tx_by_account": listed("finance/transactions/?financial_profile={account}"),
    "finance_tx_by_category": listed("finance/transactions/?category=food"),
    "finance_projection_newest": listed("finance/income-projections/"),
    "analytics_event_by_day": listed("analytics/events/"),
    "analytics_event_by_type": listed("analytics/events/?event_type=import"),
    "analytics_usage_by_day": listed("analytics/feature-usage/"),
    "analytics_metric_by_day": by_staff("analytics/metrics/"),
    "analytics_metric_by_name": by_staff("analytics/metrics/?metric_name=metric 7"),
    "analytics_metric_by_category": by_staff("analytics/metrics/?category=category 7"),
    "analytics_feedback_by_day": listed("analytics/feedback/"),
    "analytics_feedback_newest": listed("analytics/feedback/?ordering=-created_at"),
    "analytics_userfeedback_assigned_to_id_5c832f5c": lambda asker: asker.administrator.delete(),
    "career_analysis_by_day": listed("career/job-security/"),
    "career_milestone_newest": listed("career/milestones/"),
    "career_milestone_by_date": listed("career/milestones/?ordering=target_date"),
    "system_alert_newest": listed("system/alerts/"),
    "system_date_by_day": listed("system/important-dates/"),
}


def gin_of(entry: Entry) -> str:
    """The index inside a JSON field."""
    [name] = [index.name for index in entry.model._meta.indexes if isinstance(index, GinIndex) and index.fields == [entry.name]]
    return str(name)


def probe(entry: Entry) -> Any:
    """What one row of six thousand holds."""
    return {"row": 4711} if entry.model._meta.get_field(entry.name).default is dict else ["row 4711"]


@pytest.fixture(scope="module")
def scene(django_db_setup: None, django_db_blocker: Any) -> Iterator[Scene]:
    with django_db_blocker.unblock(), filled() as scene:
        yield scene


@pytest.fixture
def asker(scene: Scene, administrator: User, api: ClientFor, monkeypatch: pytest.MonkeyPatch) -> Asker:
    monkeypatch.setattr(fast_path, "COMPILED_LISTS", {})  # a first request is the plain path's, whose statements are seen here
    office = Client()
    sign_in(office, administrator)
    return Asker(scene, api(scene.alice), api(scene.bob), api(administrator), office, administrator)


@pytest.mark.parametrize("name", USES)
def test_an_index_is_used_by_what_it_was_made_for(name: str, asker: Asker) -> None:
    with plans() as plan:
        USES[name](asker)
    assert name in plan.used


@pytest.mark.django_db
def test_no_index_is_without_its_use() -> None:
    named = {*USES, *(gin_of(entry) for entry in JSON)}
    assert {name for name, whole, is_unique, _ in indexes() if name == whole and not is_unique} == named


@pytest.mark.parametrize("entry", [entry for entry in JSON if entry.model._meta.label != CATALOGUE_OF_PLANS], ids=str)
@pytest.mark.django_db
def test_staff_search_inside_json_by_its_gin_index(entry: Entry, scene: Scene) -> None:
    with plans() as plan:
        found = list(entry.model._base_manager.filter(**{f"{entry.name}__contains": probe(entry)}))
    assert plan.used == {gin_of(entry)}
    assert len(found) == 1


@pytest.mark.parametrize(("route", "entry"), OF_OWNED_LISTS, ids=str)
def test_a_customer_searches_inside_his_json_by_the_index_of_his_rows(route: Route, entry: Entry, asker: Asker) -> None:
    with plans() as plan:
        _got(asker.bob.get(route.path(), {f"{entry.name}__contains": json.dumps(probe(entry))}))
    firsts = {column for name, _, _, column in indexes() if name in plan.used}
    assert gin_of(entry) not in plan.used
    assert "user_id" in firsts


@pytest.mark.parametrize("route", LISTS, ids=str)
def test_every_json_field_of_a_list_has_its_filter(route: Route) -> None:
    wanted = {f"{entry.name}__contains" for entry in JSON if entry.model is route.model}
    assert wanted <= set(getattr(route.view.filterset_class, "base_filters", {}))
