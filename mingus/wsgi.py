"""The WSGI application that the production server imports.

SECURITY: another server must drop headers whose names contain an underscore. In the environ of WSGI `X_Forwarded_For` has the
same key as `X-Forwarded-For`, so an application can't tell them apart. `manage.py serve` drops them (`mingus.server.environ`);
docs/operations.md lists what other servers do.
"""

import logging
import multiprocessing
import os

import django
from django.db import OperationalError

from mingus.child_process import end_with_parent
from mingus.database import require_row_level_security
from mingus.garbage import freeze_loaded_objects
from mingus.wsgi_handler import BoundedHandler

granian = multiprocessing.parent_process()
if granian and granian.pid:
    end_with_parent(granian.pid)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mingus.settings")

django.setup(set_prefix=False)
application = BoundedHandler()

# SECURITY: no server that imports this module can serve with a database role that bypasses row-level security
try:
    require_row_level_security()
except OperationalError:
    logging.getLogger(__name__).warning("The database is unreachable, so row-level security could not be checked.")

freeze_loaded_objects()
