"""Feature access of customers: a staff override decides, then the subscription, then the free features.

`sync_feature_access` writes the result to the customer's rows of FeatureAccess. Each service that writes a subscription or an
override calls it. Access that ends at a known instant has `expires_at`, so that it ends on time. Access that begins at a known
instant (an override that begins, or the plan when an override ends) is updated by a job. Usage counts stay when a plan is
canceled, so that subscribing again does not reset them.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.dispatch import Signal

from billing import catalog
from billing.entitlement_resolution import resolve
from billing.entitlements import Entitlement
from billing.models import EntitlementOverride, FeatureAccess, Subscription, SubscriptionPlan
from billing.models.plans import known_features
from billing.plan_access import PlanAccess
from billing.services.plan_access import access_of
from billing.usage_periods import usage_period
from users.models import User

BATCH = 500
GRANTED_FIELDS = ("is_enabled", "usage_limit", "expires_at", "why")
GRANTED_ACCESS = PlanAccess(True, None, "The plan was granted.")
LOOKBACK = timedelta(days=1)  # so that the job misses no customer after a worker was down for some hours
UNKNOWN_FEATURE = "No plan includes this feature any more."
Overrides = Mapping[str, EntitlementOverride]
feature_access_changed = Signal()  # sent with the `owners` whose access was written, which may be as it was before


@transaction.atomic(savepoint=False)  # a sync calls it in its own transaction
def sync_feature_access(*, user: Any, now: datetime) -> None:
    """Update a customer's access from their overrides, their subscription and the free features.

    Without a running subscription, the last one is the reason why the features are disabled. Each feature of each plan gets a
    row, so that every customer can see them.
    """
    mine = Subscription.objects.for_user(user)
    subscription = mine.running().select_for_update().first() or mine.order_by("-created_at", "-id").first()
    if subscription is None:
        closed = {name: Entitlement(False, 0) for name in known_features()}
        _grant([(Subscription(user_id=user.pk), None)], closed, now=now)
        return
    _grant(access_of([subscription], now=now), subscription.plan.entitlements(), now=now)


def create_feature_access(*, user: Any, now: datetime) -> None:
    """Create the access of a new account, which has no subscription and no overrides yet."""
    closed = {name: Entitlement(False, 0) for name in known_features()}
    FeatureAccess.objects.bulk_create(_rows(Subscription(user_id=user.pk), None, closed, {}, now))


@transaction.atomic
def grant_plan(*, user: Any, plan: SubscriptionPlan, now: datetime) -> None:
    """Enable the features of `plan` for a customer, and disable the others. Uses in the current month stay counted."""
    running = Subscription.objects.for_user(user).running().first()
    access = PlanAccess(True, running.access_ends_at, GRANTED_ACCESS.why) if running else GRANTED_ACCESS
    _grant([(running or Subscription(user=user, plan=plan), access)], plan.entitlements(), now=now)


def regrant_plan(*, plan: SubscriptionPlan, now: datetime) -> int:
    """Update all customers with access to `plan` to its current features, in batches, and return their number."""
    opened, done = plan.entitlements(), 0
    batch = _next_batch(plan, None)
    while batch:
        with transaction.atomic():
            locked = Subscription.objects.filter(pk__in=batch, plan=plan).running().order_by("pk").select_for_update()
            decided_access = [(row, access) for row, access in access_of(locked, now=now) if access.is_open]
            done += _grant(decided_access, opened, now=now)
        batch = _next_batch(plan, batch[-1])
    return done


def _next_batch(plan: SubscriptionPlan, last: UUID | None) -> list[UUID]:
    running = Subscription.objects.filter(plan=plan, **({"pk__gt": last} if last else {})).running()
    return list(running.order_by("pk").values_list("pk", flat=True)[:BATCH])


def update_expired_access(*, now: datetime, user: User | None = None) -> int:
    """Update customers whose overrides began or ended or whose access expired in the last day, and return their number.

    With `user`, only that user is updated.
    """
    window, owner = (now - LOOKBACK, now), Q(user=user) if user else Q()
    overridden = EntitlementOverride.objects.filter(owner).changed_between(*window).values_list("user_id", flat=True)
    expired = FeatureAccess.objects.filter(owner, is_enabled=True, expires_at__gt=window[0], expires_at__lte=now)
    owners = {*overridden, *expired.values_list("user_id", flat=True)}
    for user in User.objects.filter(pk__in=owners).order_by("pk"):
        sync_feature_access(user=user, now=now)
    return len(owners)


def complete_feature_access(*, now: datetime) -> int:
    """Create the rows of features that are new, or of users that were created in SQL, and return the number of users."""
    known = {*known_features(), *catalog.FREE_FEATURES}
    rows = FeatureAccess.objects.filter(user=OuterRef("pk"), feature_name__in=known).order_by()
    counted = Subquery(rows.values("user").annotate(number=Count("pk")).values("number"))
    lacking = User.objects.filter(is_active=True).annotate(number=Coalesce(counted, 0)).filter(number__lt=len(known))
    keys = list(lacking.values_list("pk", flat=True))
    for user in User.objects.filter(pk__in=keys).order_by("pk").iterator(BATCH):
        sync_feature_access(user=user, now=now)
    return len(keys)


def active_overrides_by_user(owners: Iterable[Any], now: datetime) -> dict[Any, dict[str, EntitlementOverride]]:
    """Return the override in force for each feature, by owner; of two, the newer one."""
    found: dict[Any, dict[str, EntitlementOverride]] = {}
    for override in EntitlementOverride.objects.filter(user__in=owners).in_force(now).order_by("created_at", "id"):
        found.setdefault(override.user_id, {})[override.feature_name] = override
    return found


def _grant(
    decided_access: Sequence[tuple[Subscription, PlanAccess | None]], opened: Mapping[str, Entitlement], *, now: datetime
) -> int:
    """Write the access of the owners of subscriptions to one plan where it differs, with one read for all of them."""
    if not decided_access:
        return 0
    owners = [subscription.user_id for subscription, _ in decided_access]
    overrides = active_overrides_by_user(owners, now)
    rows: list[FeatureAccess] = []
    for subscription, access in decided_access:
        rows.extend(_rows(subscription, access, opened, overrides.get(subscription.user_id, {}), now))
    stored = _locked_access(owners)
    FeatureAccess.objects.bulk_create(
        [
            row
            for row in rows
            if stored.get((row.user_id, row.feature_name)) != tuple(getattr(row, name) for name in GRANTED_FIELDS)
        ],
        update_conflicts=True,
        unique_fields=["user", "feature_name"],
        update_fields=GRANTED_FIELDS,
        batch_size=5_000,
    )
    decided = {(row.user_id, row.feature_name) for row in rows}
    if any(is_enabled and place not in decided for place, (is_enabled, *_) in stored.items()):
        others = FeatureAccess.objects.filter(user__in=owners, is_enabled=True).exclude(_decided(opened, overrides))
        others.update(is_enabled=False, usage_limit=Coalesce("usage_limit", 0), why=UNKNOWN_FEATURE)
    feature_access_changed.send(FeatureAccess, owners=owners, now=now)
    return len(owners)


def _locked_access(owners: Iterable[Any]) -> dict[tuple[Any, str], tuple[Any, ...]]:
    """Return the granted fields by owner and feature. The lock waits for a sync whose result would make these rows outdated."""
    rows = FeatureAccess.objects.filter(user__in=owners).order_by("pk").select_for_update(no_key=True)
    return {
        (owner, name): tuple(granted) for owner, name, *granted in rows.values_list("user_id", "feature_name", *GRANTED_FIELDS)
    }


def _decided(opened: Mapping[str, Entitlement], overrides: Mapping[Any, Overrides]) -> Q:
    """Return the condition for the decided rows: the same features for all owners, and those of each owner's overrides."""
    decided = Q(feature_name__in={*opened, *catalog.FREE_FEATURES})
    for owner, mine in overrides.items():
        decided |= Q(user=owner, feature_name__in=mine)
    return decided


def _rows(
    subscription: Subscription,
    access: PlanAccess | None,
    opened: Mapping[str, Entitlement],
    overrides: Overrides,
    now: datetime,
) -> Iterable[FeatureAccess]:
    """Yield the rows of a subscription's owner, one for each feature of the plan, each override and each free feature."""
    period = (subscription.current_period_start, subscription.current_period_end) if subscription.is_running else ()
    month = usage_period(now, *period)
    free = catalog.FREE_FEATURES
    for name in {**opened, **free, **overrides}:
        verdict = resolve(override=overrides.get(name), access=access, planned=opened.get(name), free=free.get(name))
        yield FeatureAccess(
            user_id=subscription.user_id,
            feature_name=name,
            is_enabled=verdict.is_enabled,
            usage_limit=verdict.limit,
            expires_at=verdict.until,
            why=verdict.why,
            period_start=month.begins,
        )
