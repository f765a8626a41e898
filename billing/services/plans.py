"""The catalogue of plans."""

from billing import catalog
from billing.models import SubscriptionPlan
from core.errors import ConflictError


def load_catalog() -> None:
    """Add the plans of the catalogue that are missing by name and billing cycle; what staff made of the others stays."""
    plans = [SubscriptionPlan(**row) for row in catalog.rows()]
    SubscriptionPlan.objects.bulk_create(plans, ignore_conflicts=True)


def delete_plan(plan: SubscriptionPlan) -> None:
    """Delete a plan that nobody ever had; others are retired, so that their subscriptions stay readable."""
    if plan.subscriptions.exists():
        raise ConflictError("plan_in_use", "Subscriptions refer to this plan. Retire it instead: set is_active to false.")
    plan.delete()
