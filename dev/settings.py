"""Development settings: those of the product with DEBUG, the embedded PostgreSQL and the commands of `dev`.

The Makefile and the tests use this module. Production uses `mingus.settings` and does not contain `dev`.
"""

import os
import sys

os.environ.setdefault("DEBUG", "1")

from dev import postgres
from mingus.database import database_config
from mingus.settings import *  # noqa: F403 - all settings; a few are changed below
from mingus.settings import BASE_DIR, DATABASES, INSTALLED_APPS, env

INSTALLED_APPS = [*INSTALLED_APPS, "dev"]

if not env.text("DATABASE_URL"):
    try:
        DATABASES["default"] = database_config(env, postgres.ensure_running(BASE_DIR / ".postgres"), "DATABASE_URL")
    except postgres.DevDatabaseError as error:
        sys.exit(str(error))
