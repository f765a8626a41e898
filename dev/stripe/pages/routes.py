"""The routes of the pages."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from dev.stripe.application import ApiRequest, ApiResponse, Application
from dev.stripe.errors import ApiError
from dev.stripe.pages import checkout, invoice, portal

Page = Callable[..., Any]
PAGES: list[tuple[str, Page, Page | None]] = [
    (r"/c/pay/(\w+)", checkout.show, checkout.submit),
    (r"/p/session/(\w+)", portal.show, portal.submit),
    (r"/i/(\w+)", invoice.show, invoice.submit),
    (r"/i/(\w+)/pdf", invoice.show_pdf, None),
    (r"/authenticate/(\w+)", invoice.show_bank, invoice.submit_bank),
]


def handle(application: Application, call: ApiRequest) -> ApiResponse:
    application.catch_up()
    for pattern, show, submit in PAGES:
        match = re.fullmatch(pattern, call.path)
        if match and call.method == "POST" and submit:
            given = dict(parse_qsl(call.body.decode(), keep_blank_values=True))
            return submit(application, match[1], given)
        if match and call.method in ("GET", "HEAD"):
            with application.store.transaction():
                return show(application, match[1])
    raise ApiError("There is no such page.", status=404)
