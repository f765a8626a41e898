"""Nightly analysis of correlations of health with spending."""

from datetime import UTC, datetime
from uuid import UUID

from core import clock, jobs, rls
from health import services
from users.models import User

BATCH = 100  # a customer with a full year takes about 0.15 s


@jobs.daily(at_hour=5)
def find_correlations(timestamp: int) -> None:
    """Enqueue the analysis of all customers with recent check-ins, up to BATCH customers per job."""
    today = datetime.fromtimestamp(timestamp, UTC).date()
    for keys in services.customers_to_analyze(today=today, batch=BATCH):
        jobs.enqueue(analyze_customers, keys=[str(key) for key in keys])


@jobs.task()
def analyze_customers(keys: list[str]) -> None:
    """Analyze the customers, each as of today in their time zone. Idempotent: new findings replace those of the month."""
    now = clock.now()
    with rls.as_staff():
        customers = list(User.objects.filter(pk__in=[UUID(key) for key in keys]).select_related("profile"))
    for user in customers:
        with rls.as_customer(user):
            services.analyze_correlations(user, today=clock.day_in(user.zone, now))
