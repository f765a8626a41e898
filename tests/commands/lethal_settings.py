"""Development settings with a job that kills its worker."""

from dev.settings import *  # noqa: F403 - all settings; one is changed below
from dev.settings import PROCRASTINATE_IMPORT_PATHS

PROCRASTINATE_IMPORT_PATHS = [*PROCRASTINATE_IMPORT_PATHS, "tests.commands.lethal_jobs"]
