"""Security headers of every response: content security policy, permissions policy and caching.

Django's own middleware sends the others: HSTS, X-Content-Type-Options, X-Frame-Options, Referrer-Policy, COOP.
"""

from csp.constants import HEADER, NONE, SELF
from csp.middleware import CSPMiddleware, PolicyParts
from csp.utils import build_policy
from django.http import HttpRequest
from django.http.response import HttpResponseBase

Directives = dict[str, list[str]]

# SECURITY: an API response that a browser shows as a page can't load or run anything, or be framed
DENY_ALL: Directives = {"default-src": [NONE], "base-uri": [NONE], "form-action": [NONE], "frame-ancestors": [NONE]}
PAGE_POLICY: Directives = DENY_ALL | {
    "script-src": [SELF],
    "style-src": [SELF],
    "img-src": [SELF, "data:"],
    "font-src": [SELF],
    "connect-src": [SELF],
    "form-action": [SELF],
}
API_PATH = "/api/v1/"
API_POLICY = build_policy(config=DENY_ALL)
PAGE_PATHS = ("/admin/", "/api/docs/", "/account/", "/billing/return/", "/billing/checkout")
HEADERS = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",  # cacheable responses set their own value: static files and the schema
}


class HeadersMiddleware(CSPMiddleware):
    """Middleware that adds missing security headers and the content security policy of the path."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.path_info.startswith(API_PATH):  # django-csp would build the same policy for each response
            response.headers.setdefault(HEADER, API_POLICY)
            return response
        return super().process_response(request, response)

    def get_policy_parts(self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False) -> PolicyParts:
        parts: PolicyParts = super().get_policy_parts(request, response, report_only)
        is_page = request.path_info.startswith(PAGE_PATHS) and not report_only
        return PolicyParts(config=PAGE_POLICY) if is_page else parts
