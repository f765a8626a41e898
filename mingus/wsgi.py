"""The WSGI application that the production server imports."""

import gc
import logging
import os

from django.core.wsgi import get_wsgi_application
from django.db import OperationalError

from mingus.database import require_row_level_security

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mingus.settings")

application = get_wsgi_application()

# SECURITY: no server that imports this module can serve with a database role that bypasses row-level security
try:
    require_row_level_security()
except OperationalError:
    logging.getLogger(__name__).warning("The database is unreachable, so row-level security could not be checked.")

# Loaded objects are permanent: frozen, they are skipped by the garbage collector and not copied by a fork
gc.collect()
gc.freeze()
