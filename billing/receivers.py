"""What follows here when something happens to an account."""

from typing import Any

from django.dispatch import receiver

from billing import services, tasks
from billing.models import StripeCustomer
from core import clock, jobs
from users.models import User
from users.privacy.erasure import erasing


@receiver(erasing)
def delete_stripe_customer(user: User, **_: Any) -> None:
    """Forget what Stripe told of him, and have it delete its customer; by a job, since an erasure can't wait for Stripe."""
    for customer in StripeCustomer.objects.for_user(user).exclude(stripe_id=""):
        services.clear_event_bodies(now=clock.now(), stripe_customer_id=customer.stripe_id)
        jobs.enqueue(tasks.delete_stripe_customer, stripe_customer_id=customer.stripe_id)
