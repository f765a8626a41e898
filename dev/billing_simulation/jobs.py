"""The jobs that are enqueued in a transaction, run in the same one, since no worker can see them before its commit."""

from typing import Any

from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from core import rls


def run_enqueued(after: int = 0, *, task_names: str = "billing.", **arguments: Any) -> int:
    """Run the waiting jobs with an id above `after`, and those that they enqueue, in their order.

    With `arguments`, only the jobs that have them are run. Return the id of the last job.
    """
    waiting = ProcrastinateJob.objects.filter(status="todo", task_name__startswith=task_names, args__contains=arguments)
    while job := waiting.filter(pk__gt=after).order_by("pk").first():
        after = job.pk
        with rls.as_staff():
            app.tasks[job.task_name].func(**job.args)
    return after
