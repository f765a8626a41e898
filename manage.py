#!/usr/bin/env python
"""The commands of the project; `manage.py help` lists them."""

import os
import sys

from django.core.management import execute_from_command_line
from uuid_utils.compat import uuid7

from core import context
from core.context import Role

OWNERS_WORK = ("migrate", "makemigrations", "showmigrations", "flush", "drop_everything", "serve", "worker", "test")


def role_of(arguments: list[str]) -> Role:
    """Return the database role of a command: staff, or that of the login for commands that create tables or start others."""
    return Role.NONE if set(arguments[1:2]) & set(OWNERS_WORK) else Role.STAFF


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mingus.settings")
    with context.action(f"command-{uuid7()}", source=f"command {' '.join(sys.argv[1:2])}", role=role_of(sys.argv)):
        execute_from_command_line(sys.argv)
