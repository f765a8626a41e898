#!/usr/bin/env bash
# drf-spectacular 0.30.0 with django-filter 26.2, client by openapi-python-client 0.29.1 (httpx 0.28.1)
# Expected: each part follows OpenAPI, so a client generated from the server's own schema filters by a list correctly, or fails.
# Seen: django-filter reads ?id__in=1,2,3 and drf-spectacular describes exactly that (explode: false). openapi-python-client
#   parses explode and ignores it: the client sends id__in=1&id__in=2&id__in=3. django-filter takes the last value only and the
#   response is 200 with one row. No part reports anything.
# Why it matters: "total of these three transactions" is the total of one. A list filter needs a server that reads both forms
#   (django-filter has QueryArrayWidget) or a test of the generated client.
# Source: https://github.com/openapi-generators/openapi-python-client/issues/197; openapi_python_client/schema/
#   openapi_schema_pydantic/parameter.py; drf_spectacular/contrib/django_filters.py; django_filters/widgets.py, BaseCSVWidget
set -euo pipefail

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
python3.11 -m venv venv
venv/bin/pip install -qq django==5.2.19 djangorestframework==3.18.3 drf-spectacular==0.30.0 django-filter==26.2 \
  openapi-python-client==0.29.1 httpx==0.28.1

venv/bin/python - <<'PYTHON'
import json, pathlib, subprocess, sys, django, httpx
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}, ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django_filters"], ALLOWED_HOSTS=["*"],
    REST_FRAMEWORK={"DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema"},
)
django.setup()
from django.contrib.auth.models import Group as Transaction  # a table that needs no migration of our own
from django.db import connection
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.generators import SchemaGenerator
from rest_framework import routers, serializers, test, viewsets

class TransactionSerializer(serializers.ModelSerializer):
    Meta = type("Meta", (), {"model": Transaction, "fields": ["id", "name"]})

class TransactionViewSet(viewsets.ReadOnlyModelViewSet):
    queryset, serializer_class = Transaction.objects.order_by("id"), TransactionSerializer
    filter_backends, filterset_fields = [DjangoFilterBackend], {"id": ["in"]}

router = routers.SimpleRouter()
router.register("transactions", TransactionViewSet)
urlpatterns = router.urls
with connection.schema_editor() as editor:
    editor.create_model(Transaction)
Transaction.objects.bulk_create(Transaction(name=payee) for payee in ("Bakery", "Rent", "Salary"))
pathlib.Path("openapi.json").write_text(json.dumps(SchemaGenerator().get_schema(public=True)))
generate = f"{sys.prefix}/bin/openapi-python-client generate --path openapi.json --meta none --output-path client"
subprocess.run(generate.split(), check=True, capture_output=True)
from client.api.transactions import transactions_list

sent = httpx.Request(**transactions_list._get_kwargs(id_in=[1, 2, 3]) | {"url": "http://server/transactions/"}).url
queries = {"described": "id__in=1,2,3", "sent by the client": sent.query.decode()}
rows = {name: [row["id"] for row in test.APIClient().get(f"/transactions/?{query}").json()] for name, query in queries.items()}
print(f"queries: {queries}\nrows: expected [1, 2, 3] for both, seen {rows}")
sys.exit(queries["sent by the client"] != "id__in=1&id__in=2&id__in=3" or list(rows.values()) != [[1, 2, 3], [3]])
PYTHON
