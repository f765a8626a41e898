#!/usr/bin/env bash
# Django REST framework 3.18.3 with Django 5.2.19 behind granian 2.8.9 (ASGI), called by httpx 0.28.1
# Expected: a PATCH with a JSON body changes the object, or the response is an error.
# Seen: the response is 200 and nothing has changed. An HTTP/2 request needs no Content-Length (a client that streams its body
#   sends none) and has no Transfer-Encoding. Django has read the whole body, but Django REST framework takes a missing
#   Content-Length for an empty body, which is a valid PATCH. The same body with a length works. A middleware that refuses
#   requests with Transfer-Encoding does not help, nor does ASGI (over WSGI, Django itself already reads an empty body).
# Why it matters: a mobile client "corrects" an amount, is told 200, and the ledger keeps the old amount.
# Source: rest_framework/request.py, Request._load_stream; RFC 9113, 8.2.2; https://github.com/django/django/pull/21638 (WSGI)
set -euo pipefail

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
python3.11 -m venv venv
venv/bin/pip install -qq djangorestframework==3.18.3 granian==2.8.9 django==5.2.19 httpx==0.28.1 h2==4.4.1

cat > site_app.py <<'PYTHON'
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.urls import path

REST = {"DEFAULT_AUTHENTICATION_CLASSES": [], "UNAUTHENTICATED_USER": None, "DEFAULT_PERMISSION_CLASSES": []}
settings.configure(ALLOWED_HOSTS=["*"], MIDDLEWARE=[], ROOT_URLCONF=__name__, SECRET_KEY="invented", REST_FRAMEWORK=REST)
from rest_framework import response, serializers, views

class Posting(serializers.Serializer):
    amount = serializers.DecimalField(max_digits=12, decimal_places=2)

class PostingView(views.APIView):
    def patch(self, request):
        change = Posting(data=request.data, partial=True)
        change.is_valid(raise_exception=True)
        stored = {"amount": "12.00", **change.validated_data}
        return response.Response({"bytes Django read": len(request.body), **Posting(stored).data})

urlpatterns, asgi = [path("", PostingView.as_view())], get_asgi_application()
PYTHON

cat > check.py <<'PYTHON'
import sys, time, httpx

body, url, header = b'{"amount": "21.00"}', sys.argv[1], {"content-type": "application/json"}
with httpx.Client(http1=False, http2=True, trust_env=False) as client:
    for _ in range(100):
        try:
            known = client.patch(url, content=body, headers=header)
            break
        except httpx.TransportError:
            time.sleep(0.1)
    streamed = client.patch(url, content=iter([body]), headers=header)
seen = [(reply.status_code, reply.json()) for reply in (known, streamed)]
print(f"with a length: {seen[0]}\nwithout one: expected 21.00 or an error, seen {seen[1]}")
sys.exit([(status, reply["amount"]) for status, reply in seen] != [(200, "21.00"), (200, "12.00")])
PYTHON
port=$(python3.11 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
venv/bin/granian --interface asgi --port "$port" site_app:asgi > server.log 2>&1 & server=$!
trap 'kill "$server" || true; wait; rm -rf "$tmp"' EXIT
venv/bin/python check.py "http://127.0.0.1:$port/"
