"""HTML by functions. Text that is not `Html` is escaped."""

from html import escape

from dev.stripe.application import ApiResponse

STYLE = """
:root { color-scheme: light; font: 16px/1.5 system-ui, sans-serif; color: #1f2937; background: #f3f4f6 }
body { margin: 0 } .banner { background: #7c2d12; color: #fff; text-align: center; padding: .5rem; font-weight: 600 }
main { max-width: 34rem; margin: 2rem auto; background: #fff; border: 1px solid #e5e7eb;
  border-radius: .75rem; padding: 1.75rem }
h1 { font-size: 1.35rem; margin: 0 0 .25rem } h2 { font-size: 1rem; margin: 1.75rem 0 .5rem } p { margin: .25rem 0 }
.amount { font-size: 2rem; font-weight: 700 } .muted { color: #6b7280 } .error { background: #fef2f2; color: #991b1b;
  border: 1px solid #fecaca; border-radius: .5rem; padding: .6rem .8rem; margin: 1rem 0 }
label { display: block; padding: .55rem .75rem; border: 1px solid #d1d5db; border-radius: .5rem; margin: .4rem 0 }
label input[type=email] { width: 100%; box-sizing: border-box; border: 0; font: inherit; padding: .25rem 0 }
button { font: inherit; font-weight: 600; padding: .6rem 1.1rem; border: 0; border-radius: .5rem; background: #1d4ed8;
  color: #fff; cursor: pointer; margin: .5rem .5rem 0 0 } button.quiet { background: #e5e7eb; color: #1f2937 }
button:focus-visible, a:focus-visible, input:focus-visible { outline: 3px solid #f59e0b; outline-offset: 2px }
table { width: 100%; border-collapse: collapse }
td, th { text-align: left; padding: .4rem .25rem; border-bottom: 1px solid #e5e7eb }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums } a { color: #1d4ed8 }
"""


class Html(str):
    """Text that is HTML."""

    __slots__ = ()


def tag(name: str, /, *inside: str, **attributes: str | bool | None) -> Html:
    """Return an element. Attributes that are False or None are left out; `class_` and `for_` lose their underscore."""
    written = "".join(
        f" {key.rstrip('_')}" + ("" if value is True else f'="{escape(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in ("input", "br", "hr"):
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{joined(*inside)}</{name}>")


def joined(*parts: str) -> Html:
    """Return the parts one after the other, text escaped."""
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in parts))


def form(action: str, *inside: str) -> Html:
    return tag("form", *inside, method="post", action=action)


def button(text: str, *, quiet: bool = False, name: str | None = None, value: str | None = None) -> Html:
    return tag("button", text, type="submit", class_="quiet" if quiet else None, name=name, value=value)


def bank_page(action: str, *inside: str) -> ApiResponse:
    """Return the page on which a bank would ask the customer to authenticate a payment."""
    yes = button("Complete authentication", name="authenticated", value="yes")
    no = button("Fail authentication", quiet=True, name="authenticated", value="no")
    return page("Your bank", tag("h1", "Your bank asks you to confirm this payment"), form(action, *inside, yes, no))


def hidden(name: str, value: str) -> Html:
    return tag("input", type="hidden", name=name, value=value)


def page(title: str, *inside: str, status: int = 200) -> ApiResponse:
    """Return a page with a banner that marks it as the emulator's."""
    head = joined(Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width">'), tag("title", title))
    body = joined(tag("div", "Stripe emulator: no real card, no money", class_="banner"), tag("main", *inside))
    text = f'<!doctype html><html lang="en"><head>{head}<style>{STYLE}</style></head><body>{body}</body></html>'
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return ApiResponse(status, text.encode(), headers)


def redirect(url: str) -> ApiResponse:
    return ApiResponse(303, b"", {"Location": url, "Content-Type": "text/plain"})


def problem(message: str | None) -> Html:
    return tag("p", message, class_="error", role="alert") if message else Html()
