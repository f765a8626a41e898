"""What a plan opens: its switches and monthly limits, read as one entitlement for each feature."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

PER_MONTH = "_per_month"


@dataclass(frozen=True)
class Entitlement:
    """Whether a feature may be used, and how often in a counting month; a limit of None is none."""

    is_enabled: bool
    limit: int | None = None


def entitlements(
    features: Mapping[str, bool], limits: Mapping[str, int], metered: Iterable[str] = ()
) -> dict[str, Entitlement]:
    """The entitlement for each feature of a plan.

    A feature is on when its switch is on and its limit is not 0. What has a limit but no switch (support requests) is on
    unless its limit is 0. `metered` names what has no switch in any plan: where a plan says nothing of it, it is unlimited.
    """
    limited = {name.removesuffix(PER_MONTH): limit for name, limit in limits.items()}
    names = sorted({*features, *limited, *metered})
    return {name: Entitlement(features.get(name, True) and limited.get(name) != 0, limited.get(name)) for name in names}


def metered(plans: Iterable[tuple[Mapping[str, bool], Mapping[str, int]]]) -> set[str]:
    """What is counted in some plan and switched in none, out of the (features, limits) of all plans."""
    known = list(plans)
    switched = {name for features, _ in known for name in features}
    return {name.removesuffix(PER_MONTH) for _, limits in known for name in limits} - switched
