"""Entitlements of a plan, combined from its feature switches and monthly limits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

PER_MONTH = "_per_month"


@dataclass(frozen=True)
class Entitlement:
    """The right to use a feature. `limit` is the number of uses per counting month, None if unlimited."""

    is_enabled: bool
    limit: int | None = None


def entitlements(
    features: Mapping[str, bool], limits: Mapping[str, int], metered: Iterable[str] = ()
) -> dict[str, Entitlement]:
    """Return the entitlement for each feature of a plan, by feature name.

    A feature is enabled if its switch is on and its limit is not 0. A feature with a limit but no switch (support requests) is
    enabled unless its limit is 0. `metered` lists features that no plan switches; without a limit they are unlimited.
    """
    limited = {name.removesuffix(PER_MONTH): limit for name, limit in limits.items()}
    names = sorted({*features, *limited, *metered})
    return {name: Entitlement(features.get(name, True) and limited.get(name) != 0, limited.get(name)) for name in names}


def metered(plans: Iterable[tuple[Mapping[str, bool], Mapping[str, int]]]) -> set[str]:
    """Return the features that some plan limits and no plan switches, from the (features, limits) of all plans."""
    known = list(plans)
    switched = {name for features, _ in known for name in features}
    return {name.removesuffix(PER_MONTH) for _, limits in known for name in limits} - switched
