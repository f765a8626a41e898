"""The pages to which Stripe and emails lead customers if no front end is configured (FRONTEND_URL)."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billing.stripe.return_urls import is_allowed

PAID = ("Thank you", "Your plan is available when Stripe confirms it, which takes a few seconds. You can close this page.")
CANCELED = ("Nothing was bought", "You left the checkout, and nothing was charged. You can start again at any time.")
CHOOSE = ("Choose a plan", "Plans are bought in the MINGUS app, where the checkout begins.")
BACK = ("You are back", "Your changes take effect within a few seconds. You can close this page.")


@require_safe
def back_from_stripe(request: HttpRequest) -> HttpResponse:
    """Show the result of the redirect. The page contains no personal data, so it needs no login."""
    title, sentence = PAID if "checkout" in request.GET else CANCELED if "canceled" in request.GET else BACK
    return render(request, "billing/return.html", {"title": title, "sentence": sentence, "back": _back_url(request)})


def _back_url(request: HttpRequest) -> str:
    """Return the app's URL if the checkout began with one that is permitted, else the front end's."""
    url = request.GET.get("to", "")
    return url if is_allowed(url) else settings.FRONTEND_URL or "/"


@require_safe
def choose_plan(request: HttpRequest) -> HttpResponse:
    """Show where a plan is bought, to which the email after the end of a subscription leads."""
    title, sentence = CHOOSE
    return render(request, "billing/return.html", {"title": title, "sentence": sentence, "back": settings.FRONTEND_URL or "/"})
