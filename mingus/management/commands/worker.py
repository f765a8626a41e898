"""`manage.py worker` carries out jobs."""

import asyncio
from typing import Any

from django.core.management.base import BaseCommand

from mingus.kit import jobs


class Command(BaseCommand):
    help = "Carry out jobs (e-mail, nightly cleaning) until SIGTERM or Ctrl-C; a running job is finished first."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stderr.write("The worker waits for jobs.")
        asyncio.run(jobs.work())
