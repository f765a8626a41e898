"""The code enforces what the plans sell, as the table in `feature_gates` states."""

import ast
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from billing import catalog
from billing.models import FeatureAccess
from billing.models.plans import known_features
from core import clock
from dev.factories import FeatureAccessFactory
from tests.contract.feature_gates import GATES, PENDING, Gate
from users.models import User

ROOT = Path(__file__).resolve().parents[2]
APPS = ("users", "finance", "health", "career", "analytics", "billing")
GATING_FUNCTIONS = {"requires_feature", "use_feature", "require_plan", "count_beyond_limit"}
EACH = pytest.mark.parametrize("gate", GATES.values(), ids=GATES)
COUNTED = pytest.mark.parametrize("gate", [gate for gate in GATES.values() if gate.is_counted], ids=lambda gate: gate.feature)


def outcome(response: Any) -> tuple[int, str]:
    """Return the status and the code of the error, an empty one after a success."""
    return response.status_code, response.json()["errors"][0]["code"] if response.status_code >= 400 else ""


def row(user: User, gate: Gate) -> FeatureAccess:
    return FeatureAccess.objects.for_user(user).get(feature_name=gate.feature)


def constants(module: ast.Module) -> dict[str, Any]:
    """Return the constants of a module that are plain values."""
    assigned = [node for node in module.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)]
    return {target.id: node.value.value for node in assigned for target in node.targets if isinstance(target, ast.Name)}


def gated_features(path: Path) -> set[str]:
    """Return the features that a module names in calls of the gates."""
    module = ast.parse(path.read_text())
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call)]
    gates = [call for call in calls if (getattr(call.func, "attr", "") or getattr(call.func, "id", "")) in GATING_FUNCTIONS]
    given = [*(call.args[0] for call in gates if call.args)]
    given += [keyword.value for call in gates for keyword in call.keywords if keyword.arg == "feature"]
    known = constants(module)
    named = [node.value if isinstance(node, ast.Constant) else known.get(getattr(node, "id", "")) for node in given]
    return {str(name) for name in named if name is not None}


def test_the_table_has_every_feature_of_every_plan(db: None) -> None:
    assert {*GATES, *PENDING} == {*known_features(), *catalog.FREE_FEATURES}
    assert not {*GATES} & {*PENDING}


def test_the_code_gates_exactly_the_features_of_the_table() -> None:
    gated = {name for app in APPS for path in (ROOT / app).rglob("*.py") for name in gated_features(path)}
    assert gated == {*GATES} - {"data_export"}


@EACH
def test_below_the_limit_a_use_succeeds_and_is_counted(gate: Gate, as_owner: APIClient, alice: User) -> None:
    FeatureAccessFactory(user=alice, feature_name=gate.feature, usage_limit=2, usage_count=1)
    assert outcome(gate.use(as_owner)) == (gate.success, "")
    assert row(alice, gate).usage_count == (2 if gate.is_counted else 1)


@EACH
def test_at_the_limit(gate: Gate, as_owner: APIClient, alice: User) -> None:
    FeatureAccessFactory(user=alice, feature_name=gate.feature, usage_limit=2, usage_count=2)
    response = gate.use(as_owner)
    assert outcome(response) == gate.at_limit
    denied = [error for error in response.json().get("errors", []) if error["code"] == "limit_reached"]
    assert [error["resets_at"] for error in denied] == [api_time(row(alice, gate).resets_at)] * len(denied)


@EACH
def test_without_a_plan(gate: Gate, as_owner: APIClient, alice: User) -> None:
    assert outcome(gate.use(as_owner)) == gate.without_plan


@EACH
def test_after_the_grace_period(gate: Gate, as_owner: APIClient, alice: User) -> None:
    FeatureAccessFactory(user=alice, feature_name=gate.feature, usage_limit=2, expires_at=clock.now() - timedelta(seconds=1))
    status, code = outcome(gate.use(as_owner))
    assert (status, code.replace("expired", "disabled")) == gate.without_plan


@EACH
def test_reading_is_free(gate: Gate, as_owner: APIClient, alice: User) -> None:
    FeatureAccessFactory(user=alice, feature_name=gate.feature, usage_limit=5)
    path = gate.use(as_owner).wsgi_request.path.removesuffix("generate/")
    FeatureAccess.objects.for_user(alice).update(is_enabled=False, usage_limit=0)
    assert as_owner.get(path).status_code == 200


@COUNTED
def test_a_failed_use_is_not_counted(gate: Gate, as_owner: APIClient, alice: User) -> None:
    FeatureAccessFactory(user=alice, feature_name=gate.feature, usage_limit=2)
    path = gate.use(as_owner).wsgi_request.path
    assert as_owner.post(path, {"no_such_field": 1}).status_code == 400
    assert row(alice, gate).usage_count == 1


@pytest.mark.parametrize("path", sorted({path for paths in PENDING.values() for path in paths}))
def test_a_pending_use_does_not_exist_yet(path: str, as_owner: APIClient) -> None:
    """A change that adds the route moves the feature from PENDING to GATES, and enforces it."""
    assert as_owner.post(path, {}).status_code in (404, 405)


def api_time(instant: Any) -> str:
    return instant.isoformat().replace("+00:00", "Z")
