"""Where Stripe's pages send people back to, for whom no frontend is set up (FRONTEND_URL)."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

PAID = (
    "Thank you",
    "Your plan opens as soon as Stripe confirms it, which takes a few seconds. You can close this page.",
)
CANCELLED = ("Nothing was bought", "You left the checkout, and nothing was charged. You can begin again whenever you like.")
BACK = ("You are back", "What you changed is in effect within a few seconds. You can close this page.")


@require_safe
def back_from_stripe(request: HttpRequest) -> HttpResponse:
    """A sentence about what happened. It shows nothing of anybody, so it needs no login."""
    said = PAID if "checkout" in request.GET else CANCELLED if "cancelled" in request.GET else BACK
    title, sentence = said
    return render(request, "billing/return.html", {"title": title, "sentence": sentence, "back": settings.FRONTEND_URL or "/"})
