"""The jobs that a test has enqueued, run in its own transaction, which no worker can see."""

from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from core import rls


def run_enqueued(after: int = 0, *, task_names: str = "billing.") -> int:
    """Run the jobs of an app with an id above `after`, and those that they enqueue. Return the id of the last one."""
    while True:
        waiting = ProcrastinateJob.objects.filter(pk__gt=after, status="todo", task_name__startswith=task_names)
        job = waiting.order_by("pk").first()
        if job is None:
            return after
        after = job.pk
        with rls.as_staff():
            app.tasks[job.task_name].func(**job.args)
