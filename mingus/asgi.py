"""The ASGI application that `manage.py serve` runs: it receives bodies and runs the WSGI application in a thread."""

from django.conf import settings

from mingus import wsgi  # the first import, because it loads the apps
from mingus.server.application import Application
from mingus.server.scheduling import install_shortcut

application = Application(
    wsgi.application,
    max_waiting=settings.MAX_WAITING_REQUESTS,
    max_bodies=settings.MAX_BODIES,
    body_timeout=settings.BODY_TIMEOUT,
    body_min_rate=settings.BODY_MIN_RATE,
    send_timeout=settings.SEND_TIMEOUT,
    max_spool_bytes=settings.SPOOL_MAX_BYTES,
)
install_shortcut(application)
