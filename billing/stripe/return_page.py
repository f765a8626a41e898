"""The page to which Stripe redirects customers if no frontend is configured (FRONTEND_URL)."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

PAID = ("Thank you", "Your plan is available when Stripe confirms it, which takes a few seconds. You can close this page.")
CANCELED = ("Nothing was bought", "You left the checkout, and nothing was charged. You can start again at any time.")
BACK = ("You are back", "Your changes take effect within a few seconds. You can close this page.")


@require_safe
def back_from_stripe(request: HttpRequest) -> HttpResponse:
    """Show the result of the redirect. The page contains no personal data, so it needs no login."""
    title, sentence = PAID if "checkout" in request.GET else CANCELED if "canceled" in request.GET else BACK
    return render(request, "billing/return.html", {"title": title, "sentence": sentence, "back": settings.FRONTEND_URL or "/"})
