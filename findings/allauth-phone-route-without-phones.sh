#!/usr/bin/env bash
# django-allauth 65.21.1 with Django 5.2.19
#
# Expected: a route of the headless API that belongs to a feature that is off is a 404 or an empty list. The project below logs in by
#   email address and has no phone numbers, allauth's default, and the route is among its URLs.
# Seen: GET account/phone of a logged-in user raises NotImplementedError, which is a 500 in production.
# Why it matters: an app that is generated from allauth's own OpenAPI document of that server, or a crawler, finds the route; every
#   call is an error report, and monitoring counts it as an outage of the account API.
# Source: allauth/headless/account/urls.py adds the route without a condition; DefaultAccountAdapter.get_phone raises.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3.11 -m venv env
env/bin/pip install --quiet --disable-pip-version-check "django-allauth[headless]==65.21.1" "Django==5.2.19"
cat > try.py <<'PYTHON'
import sys

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="x" * 50, ROOT_URLCONF="__main__", ALLOWED_HOSTS=["testserver"], HEADLESS_ONLY=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.messages",
                    "allauth", "allauth.account", "allauth.headless"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware",
                "django.contrib.messages.middleware.MessageMiddleware", "allauth.account.middleware.AccountMiddleware"],
    AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"], ACCOUNT_LOGIN_METHODS={"email"},
    ACCOUNT_SIGNUP_FIELDS=["email*", "password1*"], ACCOUNT_EMAIL_VERIFICATION="none",
    EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
)
django.setup()
from django.core.management import call_command
from django.test import Client
from django.urls import include, path

urlpatterns = [path("_allauth/", include("allauth.headless.urls"))]
call_command("migrate", verbosity=0)
client = Client()
login = client.post("/_allauth/app/v1/auth/signup", {"email": "carol@example.com", "password": "Zebra-crossing-42"},
                    content_type="application/json")
session = {"X-Session-Token": login.json()["meta"]["session_token"]}
print("GET account/email:", client.get("/_allauth/app/v1/account/email", headers=session).status_code)
try:
    seen = client.get("/_allauth/app/v1/account/phone", headers=session).status_code
except NotImplementedError:
    seen = "NotImplementedError"
print("GET account/phone, expected 404 or 200 with an empty list, seen:", seen)
sys.exit(seen != "NotImplementedError")
PYTHON
env/bin/python try.py
