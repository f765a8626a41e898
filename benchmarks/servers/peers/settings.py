"""Settings of the Django contenders: those of `startproject`, on the benchmark database with a connection that stays open."""

import os

import dj_database_url

SECRET_KEY = os.environ["SECRET_KEY"]
ALLOWED_HOSTS = os.environ["ALLOWED_HOSTS"].split(",")
DEBUG = False
USE_TZ = True
TIME_ZONE = "UTC"
APPEND_SLASH = False
ROOT_URLCONF = os.environ.get("BENCH_URLCONF", "benchmarks.servers.peers.ninja_api")
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django_bolt",
    "django_filters",
    "rest_framework",
]
STARTPROJECT = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
MIDDLEWARE = STARTPROJECT if ROOT_URLCONF.endswith("drf_api") else []
DATABASES = {"default": dj_database_url.parse(os.environ["DATABASE_URL"], conn_max_age=3600)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGGING_CONFIG = None
BOLT_API = ["benchmarks.servers.peers.bolt_api:api"]
