"""The URLs to which Stripe sends a customer back: those that the operator permits, of web pages and of apps."""

import re
from urllib.parse import quote, urlsplit

from django.conf import settings

from core.errors import DomainError

PATH = "/billing/return/"
PERMITTED = "Default: a page of MINGUS. It must begin with a URL that the operator permits (`RETURN_URLS`)."
MAX_LENGTH = 500
# control characters, spaces and backslashes, which browsers change; what may precede a user; and a fragment
UNSAFE = re.compile(r"[\s\\@#\x00-\x20\x7f]")


def allowed_prefixes() -> list[str]:
    """Return the operator's RETURN_URLS and the front end."""
    front_end = [f"{settings.FRONTEND_URL}/"] if settings.FRONTEND_URL else []
    return [*settings.RETURN_URLS, *front_end]


def is_allowed(url: str) -> bool:
    """Return True if a URL has the scheme and host of a permitted one, and its path is the same or below it."""
    if len(url) > MAX_LENGTH or UNSAFE.search(url):
        return False
    try:
        found = urlsplit(url)
    except ValueError:  # for example an unfinished IPv6 address
        return False
    if ".." in found.path or "%2e" in found.path.lower():
        return False
    for prefix in map(urlsplit, allowed_prefixes()):
        is_below = found.path == prefix.path.rstrip("/") or found.path.startswith(prefix.path.rstrip("/") + "/")
        if (found.scheme.lower(), found.netloc.lower()) == (prefix.scheme, prefix.netloc) and is_below:
            return True
    return False


def return_url(url: str | None, field: str, default_query: str = "") -> str:
    """Return what to give Stripe for the URL in `field` of a request: by default our own page with a query.

    A URL of an app (`mingus://…`) is opened by a button on our own page, as Stripe returns to web pages. Raise DomainError if
    the URL is not permitted.
    """
    if not url:
        return f"{settings.FRONTEND_URL}{PATH}{default_query}"
    if not is_allowed(url):
        known = ", ".join(allowed_prefixes()) or "none"
        detail = f"This URL is not permitted. It must begin with one of: {known}. The operator adds more by RETURN_URLS."
        raise DomainError("url_not_allowed", detail, field=field)
    if urlsplit(url).scheme.lower() in {"http", "https"}:
        return url
    separator = "&" if default_query else "?"
    return f"{settings.SITE_URL}{PATH}{default_query}{separator}to={quote(url, safe='')}"
