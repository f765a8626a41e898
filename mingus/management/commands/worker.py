"""The command `worker`, which runs background jobs."""

import asyncio
from typing import Any

from django.core.checks import Tags
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, OperationalError

from core import jobs
from mingus.database import require_row_level_security


class Command(BaseCommand):
    help = "Run background jobs (email, nightly cleanup) until SIGTERM or Ctrl-C. A running job is finished first."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            require_row_level_security()
            self.check(tags=[Tags.database], databases=[DEFAULT_DB_ALIAS], include_deployment_checks=True)
        except OperationalError:
            self.stderr.write("The database is unreachable. The worker waits for it.")
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        self.stderr.write("The worker is waiting for jobs.")
        asyncio.run(jobs.run_worker())
