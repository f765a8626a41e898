"""The WSGI application of django-ninja and of stock DRF; `BENCH_URLCONF` names which."""

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
