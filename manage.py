#!/usr/bin/env python
"""The commands of the project; `manage.py help` lists them."""

import os
import sys

from django.core.management import execute_from_command_line
from uuid_utils.compat import uuid7

from core import context
from core.context import Role
from core.postgres import limits
from core.postgres.limits import Work

OWNERS_WORK = ("migrate", "makemigrations", "showmigrations", "flush", "drop_everything", "serve", "worker", "test")

WORK = {"worker": Work.JOB, "runserver": Work.REQUEST, "migrate": Work.MIGRATION, "drop_everything": Work.MIGRATION}


def role_of(arguments: list[str]) -> Role:
    """Return the database role of a command: staff, or that of the login for commands that create tables or start others."""
    return Role.NONE if set(arguments[1:2]) & set(OWNERS_WORK) else Role.STAFF


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mingus.settings")
    limits.use(WORK.get("".join(sys.argv[1:2]), Work.COMMAND))
    with context.action(f"command-{uuid7()}", source=f"command {' '.join(sys.argv[1:2])}", role=role_of(sys.argv)):
        execute_from_command_line(sys.argv)
