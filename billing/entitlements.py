"""Entitlements of a plan, combined from its feature switches and monthly limits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

PER_MONTH = "_per_month"


@dataclass(frozen=True)
class Entitlement:
    """The right to use a feature. `limit` is the number of uses per counting month: None if unlimited, never if disabled."""

    is_enabled: bool
    limit: int | None = None


def entitlements(
    features: Mapping[str, bool], limits: Mapping[str, int], defaults: Mapping[str, bool] | None = None
) -> dict[str, Entitlement]:
    """Return the entitlement for each feature of a plan and each of `defaults`, by feature name.

    A feature is enabled if its switch is on and its limit is not 0. A feature with a limit but no switch (support requests) is
    enabled unless its limit is 0. `defaults` has the features of all plans, see `feature_defaults`.
    """
    limited = {name.removesuffix(PER_MONTH): limit for name, limit in limits.items()}
    switches = {**dict.fromkeys(limited, True), **(defaults or {}), **features}
    is_enabled = {name: is_on and limited.get(name) != 0 for name, is_on in switches.items()}
    return {name: Entitlement(is_enabled[name], limited.get(name) if is_enabled[name] else 0) for name in sorted(switches)}


def feature_defaults(plans: Iterable[tuple[Mapping[str, bool], Mapping[str, int]]]) -> dict[str, bool]:
    """Return each feature of all plans, from their (features, limits), with its switch in a plan that has none for it.

    A feature that some plan switches is off in the others. One that is only limited (support requests) is on.
    """
    known = list(plans)
    limited = {name.removesuffix(PER_MONTH): True for _, limits in known for name in limits}
    return {**limited, **{name: False for features, _ in known for name in features}}
