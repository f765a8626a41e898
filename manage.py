#!/usr/bin/env python
"""The operators' door: `manage.py help` lists the commands."""

import os
import sys

from django.core.management import execute_from_command_line

from mingus.devdb import DevDatabaseError

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mingus.settings")
    try:
        execute_from_command_line(sys.argv)
    except DevDatabaseError as error:
        sys.exit(str(error))
