#!/usr/bin/env python
"""The operators' door: `manage.py help` lists the commands."""

import os
import sys

from django.core.management import execute_from_command_line
from uuid_utils.compat import uuid7

from core import context
from core.context import Role

OWNERS_WORK = ("migrate", "makemigrations", "showmigrations", "flush", "drop_everything", "serve", "worker", "test")


def role_of(arguments: list[str]) -> Role:
    """An operator reaches everybody's rows; the commands that make tables, or only start others, run as who logged in."""
    return Role.NONE if set(arguments[1:2]) & set(OWNERS_WORK) else Role.STAFF


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mingus.settings")
    with context.action(f"command-{uuid7()}", source=f"command {' '.join(sys.argv[1:2])}", role=role_of(sys.argv)):
        execute_from_command_line(sys.argv)
