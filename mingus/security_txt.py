"""Views of `/.well-known/security.txt` (RFC 9116) and of the security policy that it links to."""

from datetime import UTC, timedelta

from django.conf import settings
from django.db.transaction import non_atomic_requests
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from core import clock

VALID_FOR = timedelta(days=90)  # from the time of the request, so a served file is never expired
PATH = "/.well-known/security.txt"
POLICY_PATH = "/.well-known/security-policy.md"


@non_atomic_requests
@require_safe
@cache_control(public=True, max_age=86_400)
def security_txt(request: HttpRequest) -> HttpResponse:
    """Return the contact for reports and the date until which it is valid."""
    expires = (clock.now() + VALID_FOR).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    fields = {
        "Contact": settings.SECURITY_CONTACT,
        "Expires": expires.isoformat().replace("+00:00", "Z"),
        "Preferred-Languages": "en",
        "Canonical": f"{settings.SITE_URL}{PATH}",
        "Policy": f"{settings.SITE_URL}{POLICY_PATH}",
    }
    lines = "".join(f"{name}: {value}\n" for name, value in fields.items())
    return HttpResponse(lines, content_type="text/plain; charset=utf-8")


@non_atomic_requests
@require_safe
@cache_control(public=True, max_age=86_400)
def policy(request: HttpRequest) -> HttpResponse:
    """Return SECURITY.md."""
    text = (settings.BASE_DIR / "SECURITY.md").read_text(encoding="utf-8")
    return HttpResponse(text, content_type="text/markdown; charset=utf-8")
