"""What the production server imports."""

import gc
import logging
import os

from django.core.wsgi import get_wsgi_application
from django.db import OperationalError

from mingus.database import require_row_level_security

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mingus.settings")

application = get_wsgi_application()

# SECURITY: whatever starts this process, it serves nobody while the role of the database could walk around the row policies
try:
    require_row_level_security()
except OperationalError:
    logging.getLogger(__name__).warning("The database does not answer, so its row policies could not be looked at.")

# What is loaded now stays until the end: the garbage collector need not look through it, nor a fork copy it
gc.collect()
gc.freeze()
