"""`manage.py worker` carries out jobs."""

import asyncio
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from core import jobs
from mingus.database import require_row_level_security


class Command(BaseCommand):
    help = "Carry out jobs (e-mail, nightly cleaning) until SIGTERM or Ctrl-C; a running job is finished first."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            require_row_level_security()
        except OperationalError:
            self.stderr.write("The database does not answer yet.")
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        self.stderr.write("The worker waits for jobs.")
        asyncio.run(jobs.run_worker())
