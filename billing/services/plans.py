"""Creation and deletion of plans."""

from billing import catalog
from billing.models import SubscriptionPlan
from core.errors import ConflictError


def load_catalog() -> None:
    """Create the catalog's plans whose name and billing cycle do not exist yet. Existing plans are not changed."""
    plans = [SubscriptionPlan(**row) for row in catalog.rows()]
    SubscriptionPlan.objects.bulk_create(plans, ignore_conflicts=True)


def delete_plan(plan: SubscriptionPlan) -> None:
    """Delete a plan without subscriptions. Raise ConflictError for others, which subscriptions still refer to."""
    if plan.subscriptions.exists():
        raise ConflictError("plan_in_use", "Subscriptions refer to this plan. Retire it instead: set is_active to false.")
    plan.delete()
