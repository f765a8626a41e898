#!/usr/bin/env bash
# granian 2.8.9 with Django 5.2.19 (ASGI), called by httpx 0.28.1
# Expected: HTTP/2 changes the transport only. Django sees the cookies that the client sent: csrftoken and sessionid.
# Seen: RFC 9113, section 8.2.3, lets a client send each cookie in a header field of its own, as Chrome does. granian passes the
#   fields on separately, as ASGI demands. Django joins header fields of one name by a comma instead of a semicolon, so it
#   finds one cookie whose value contains the others. Over WSGI granian joins by a semicolon, and both cookies arrive.
# Why it matters: a switch from WSGI to ASGI signs out every user whose browser sends two cookies over HTTP/2, and the tests
#   (Django's test client, HTTP/1.1) pass.
# Source: django/core/handlers/asgi.py, ASGIRequest.__init__; https://github.com/django/django/pull/19474;
#   https://github.com/emmett-framework/granian/pull/717 and issues/539 (Chrome's requests)
set -euo pipefail

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
python3.11 -m venv venv
venv/bin/pip install -qq granian==2.8.9 django==5.2.19 httpx==0.28.1 h2==4.4.1

cat > site_app.py <<'PYTHON'
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path

settings.configure(ALLOWED_HOSTS=["*"], MIDDLEWARE=[], ROOT_URLCONF=__name__, SECRET_KEY="invented")
urlpatterns = [path("", lambda request: JsonResponse(request.COOKIES))]
asgi, wsgi = get_asgi_application(), get_wsgi_application()
PYTHON

cat > check.py <<'PYTHON'
import socket, subprocess, sys, time, httpx

SENT = [("cookie", "csrftoken=plum"), ("cookie", "sessionid=fig")]

def cookies_seen_over(interface):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    granian = [sys.executable, "-m", "granian", "--log-level", "error", "--interface", interface, "--port", port]
    server = subprocess.Popen([*granian, f"site_app:{interface}"])
    try:
        with httpx.Client(http1=False, http2=True, trust_env=False) as client:
            for _ in range(100):
                try:
                    return client.get(f"http://127.0.0.1:{port}/", headers=SENT).json()
                except httpx.TransportError:
                    time.sleep(0.1)
    finally:
        server.terminate()
        server.wait()

expected, asgi, wsgi = {"csrftoken": "plum", "sessionid": "fig"}, cookies_seen_over("asgi"), cookies_seen_over("wsgi")
print(f"expected: {expected}\nseen over ASGI: {asgi}\nseen over WSGI: {wsgi}")
sys.exit(asgi != {"csrftoken": "plum,sessionid=fig"} or wsgi != expected)
PYTHON
venv/bin/python check.py
