"""The command `serve`, which runs MINGUS in development and in production."""

import os
from argparse import ArgumentParser
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.checks import Tags
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection

from mingus.checks import SERVER_BUFFER
from mingus.database import require_row_level_security
from mingus.migration_fingerprints import OTHER_MIGRATIONS, is_made_by_other_migrations
from mingus.processes import PortError, ProcessGroup, Program, StartError, is_listening, require_free_port

METRICS = "PROMETHEUS_MULTIPROC_DIR"


class Command(BaseCommand):
    help = "Serve MINGUS until SIGTERM or Ctrl-C. HOST, PORT and WORKERS can be set in the environment."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=settings.HOST, help="default: HOST, or %(default)s")
        parser.add_argument("--port", type=whole_number, default=settings.PORT, help="default: PORT, or %(default)s")
        parser.add_argument("--workers", type=whole_number, default=settings.WORKERS, help="number of web processes")
        parser.add_argument("--with-worker", action="store_true", help="also run background jobs, as `manage.py worker` does")

    def handle(self, *args: Any, host: str, port: int, workers: int, with_worker: bool, **options: Any) -> None:
        self._require_database()
        try:
            require_free_port(host, port)
        except PortError as error:
            raise CommandError(str(error)) from error
        programs = [server(host, port, number) for number in range(1, workers + 1)]
        # A new folder: the metrics are summed over its files, and those of an earlier run would be counted too
        with TemporaryDirectory(prefix="mingus-metrics-", dir=os.environ.get(METRICS)) as folder:
            environment = {METRICS: folder}
            if with_worker:
                programs.append(JOB_WORKER)
                environment["WORKER_REQUIRED"] = os.environ.get("WORKER_REQUIRED", "1")
            self._run(ProcessGroup(programs, environment), host, port)

    def _run(self, programs: ProcessGroup, host: str, port: int) -> None:
        try:
            with programs.running():
                if programs.supervise(until_listening=lambda: is_listening(host, port)):
                    name = f"[{host}]" if ":" in host else host
                    self.stdout.write(f"MINGUS listens on http://{name}:{port}/ (Ctrl-C stops it)")
                    self.stdout.flush()
                    programs.supervise()
        except StartError as error:
            raise CommandError(f"{error}, so all processes were stopped. See the log lines above.") from error

    def _require_database(self) -> None:
        try:
            if is_made_by_other_migrations(connection):
                raise CommandError(OTHER_MIGRATIONS)
            self.check_migrations()
            require_row_level_security()
            self.check(tags=[Tags.database], databases=[DEFAULT_DB_ALIAS], include_deployment_checks=True)
        except OperationalError as error:
            raise CommandError(f"The database is unreachable: {error}".strip()) from error
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error


def server(host: str, port: int, number: int) -> Program:
    """Return a web process: Granian with one worker. The web processes share the port, but not their end.

    With several workers, Granian stops all of them when one ends. More threads per worker make slow responses 2 to 5 times
    slower (docs/decisions/0013).
    """
    options = {
        "--interface": "asginl",  # ASGI without lifespan events
        "--host": host,
        "--port": str(port),
        "--workers": "1",
        "--blocking-threads": "1",
        "--log-level": "warning",
        "--workers-kill-timeout": "20",
        "--http1-buffer-size": str(SERVER_BUFFER),
        "--http2-max-headers-size": str(SERVER_BUFFER),
        "--http1-header-read-timeout": "10000",  # milliseconds; disconnects clients that send headers slowly
    }
    arguments = [part for option in options.items() for part in option]
    return Program(f"Web process {number}", ["-m", "granian", *arguments, "--no-ws", "mingus.asgi:application"], listens=True)


JOB_WORKER = Program("The job worker", ["manage.py", "worker"], starts_last=True)


def whole_number(text: str) -> int:
    """Return a whole number above 0. argparse turns the ValueError into a message that names the option."""
    number = int(text)
    if number < 1:
        raise ValueError
    return number
