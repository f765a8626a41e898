"""Compiled UPDATE statements, which change the same rows as the queryset's `update` under the same access checks."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from billing.models import FeatureAccess
from billing.services import usage
from core import rls
from core.fast_lists.compiled_queries import UncompilableError
from core.fast_lists.compiled_updates import CompiledUpdate
from dev.factories import FeatureAccessFactory
from users.models import User

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)


def raised() -> CompiledUpdate:
    return CompiledUpdate(
        lambda values: (
            FeatureAccess.objects.filter(feature_name=values["feature"]),
            {"usage_count": F("usage_count") + values["amount"], "last_used_at": values["now"]},
        ),
        feature=str,
        amount=int,
        now=datetime,
    )


@pytest.mark.parametrize("is_compiled", [True, False])
def test_it_updates_the_rows_as_the_queryset_does(settings: Any, is_compiled: bool) -> None:
    settings.FAST_LISTS = is_compiled
    FeatureAccessFactory.create_batch(2, feature_name="reports", usage_count=5)
    FeatureAccessFactory(feature_name="calls", usage_count=5)
    count = raised()
    assert [count(feature="reports", amount=amount, now=NOW) for amount in (1, 2)] == [2, 2]
    assert count(feature="nothing", amount=1, now=NOW) == 0
    rows = (
        FeatureAccess.objects.filter(feature_name__in=["reports", "calls"])
        .order_by("usage_count")
        .values_list("feature_name", "usage_count", "last_used_at")
    )
    assert list(rows) == [("calls", 5, None), ("reports", 8, NOW), ("reports", 8, NOW)]


def test_row_level_security_applies(alice: User, bob: User) -> None:
    for user in (alice, bob):
        FeatureAccessFactory(user=user, feature_name="reports", usage_count=0)
    with rls.as_customer(alice):
        assert raised()(feature="reports", amount=1, now=NOW) == 1
    assert FeatureAccess.objects.get(user=bob, feature_name="reports").usage_count == 0


def test_sql_that_depends_on_the_value_is_refused() -> None:
    update = CompiledUpdate(
        lambda values: (FeatureAccess.objects.filter(feature_name__icontains=values["feature"]), {"usage_count": 0}),
        feature=str,
    )
    with pytest.raises(UncompilableError):
        update(text="x")


def test_a_use_is_two_statements_whose_instants_have_a_time_zone(alice: User) -> None:
    FeatureAccessFactory(user=alice, feature_name="reports", usage_limit=10)
    uses: dict[str, Any] = {"user": alice, "feature": "reports", "now": NOW}
    usage.record_usage(**uses)
    with CaptureQueriesContext(connection) as queries:
        usage.record_usage(**uses)
    assert [query["sql"].split()[0] for query in queries] == ["SAVEPOINT", "UPDATE", "SELECT", "RELEASE"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT parameter_types::text[] FROM pg_prepared_statements WHERE statement LIKE '%%make_interval%%'")
        types = {kind for (kinds,) in cursor for kind in kinds}
    # without its time zone, an instant would be another one for a session in another zone
    assert "timestamp with time zone" in types
    assert "timestamp without time zone" not in types
