"""Redaction of credentials and personal data in log lines, in each form and wherever a long line is cut."""

import json
import logging
import secrets
import sys
from collections.abc import Callable
from types import TracebackType
from urllib.parse import quote

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.db import IntegrityError, connection
from django.middleware.csrf import _get_new_csrf_string
from django.utils.crypto import get_random_string

from mingus import log_redaction
from mingus.log_redaction import MAX_LENGTH, RedactingFormatter, configured_secrets
from tests.security.redacted_lines import line_of
from tests.security.secret_values import PERSON
from users.impersonation import PREFIX
from users.models import User
from users.password_reset_tokens import ResetKeys

SESSION = get_random_string(32, VALID_KEY_CHARS)
CSRF = _get_new_csrf_string()
OPAQUE = "q7Jx-Vn_2mR9.tKz~Lw4+Yb/8cE=="
HEX = secrets.token_hex(32)
# Each secret, and the texts around it in which it occurs. The other forms are derived from these
SECRETS: dict[str, tuple[str, list[str]]] = {
    "personal token": ("mgs_" + secrets.token_hex(32), ["%s", "Bearer %s", "got %s!"]),
    "impersonation": (PREFIX + "ab-cd_efgh-" + secrets.token_urlsafe(32), ["%s", "Impersonation %s", "(%s)"]),
    "impersonation that begins with a dash": (PREFIX + "-" + secrets.token_urlsafe(32), ["%s"]),
    "session": (SESSION, ["sessionid=%s", "__Host-sessionid=%s; Path=/", "x=1; sessionid=%s; y=2", "session_token=%s"]),
    "csrf": (CSRF, ["csrftoken=%s", "__Host-csrftoken=%s; Path=/", "csrfmiddlewaretoken=%s&next=/"]),
    "opaque": (OPAQUE, ["Authorization: Bearer %s", "authorization: Basic %s", "Bearer %s", "bearer  %s", "Authorization=%s"]),
    "digest": (HEX, ['Authorization: Digest username="bob", uri="/", response="%s", qop=auth', "Proxy-Authorization: X y=%s"]),
    "stripe key": ("sk_live_" + secrets.token_hex(24), ["%s", "key %s,"]),
    "restricted stripe key": ("rk_test_" + secrets.token_hex(24), ["%s"]),
    "stripe webhook secret": ("whsec_" + secrets.token_urlsafe(24) + "/+=", ["%s"]),
    "stripe client secret": (secrets.token_hex(12), ["pi_3OxT_secret_%s", "seti_1Mm8_secret_%s"]),
    "stripe signature": (HEX, ["Stripe-Signature: t=1492774577,v1=%s,v0=6ffb", "t=1492774577,v1=%s", "v1=%s"]),
    "database password": ("f7Gq2:xM4vB8kP", ["postgresql://mingus:%s@db:5432/mingus", "password=%s dbname=x", "PASSWORD='%s'"]),
    "redis password": ("h3Kd9@sT6wZ1nQ", ["redis://:%s@cache:6379/0", "rediss://user:%s@cache/0"]),
    "password": (
        "correct horse battery",
        ['{"password": "%s"}', "{'new_password': '%s'}", "<QueryDict: {'password': ['%s']}>"],
    ),
    "fernet key": (Fernet.generate_key().decode(), ["FIELD_ENCRYPTION_KEYS=%s", "{'FIELD_ENCRYPTION_KEYS': ['5e', '%s']}"]),
    "aes key": (HEX, ["SECRET_KEY=%s", "secret_key: %s", "METRICS_TOKEN=%s", "STRIPE_WEBHOOK_SECRETS=%s"]),
    "reset link": (
        "3f-cx2k1p-5d7a9e0c4b8f",
        ["https://app.example.com/account/password/reset/key/%s", "/password/reset/key/%s/"],
    ),
    "verify link": ("MTI:1tQx9a:Zk3vR8", ["https://app.example.com/account/verify-email/%s", "/account/verify-email/%s?x=1"]),
    "key in a query": ("MTI:1tQx9a:Zk3vR8", ["/account/?key=%s&lang=de", "?next=/&code=%s"]),
    "totp": ("JBSWY3DPEHPK3PXP", ["otpauth://totp/MINGUS:bob?secret=%s&issuer=MINGUS"]),
    "email": (PERSON, ["%s", "<%s>", "mailto:%s", "email=%s", "/%s/", "a/b@c %s"]),
    "quoted email": ('"very private"@example.org', ["to %s"]),
}
HEADERS = ["X-Session-Token", "Authorization", "Cookie", "X-Password-Reset-Key", "X-Email-Verification-Key", "Stripe-Signature"]
HEADERS += ["X-CSRFToken", "Proxy-Authorization", "Set-Cookie"]
PLAIN = {f"{name} {number}": (secret, shown) for name, (secret, texts) in SECRETS.items() for number, shown in enumerate(texts)}


def leaks(secret: str, line: str) -> list[str]:
    """Return the parts of a secret, of six characters or more, that a line contains."""
    return [secret[at : at + 6] for at in range(len(secret) - 5) if secret[at : at + 6] in line]


def environ_name(header: str) -> str:
    return "HTTP_" + header.upper().replace("-", "_")


# The forms in which a header and its value appear in a log line
HEADER_FORMS: dict[str, Callable[[str, str], str]] = {
    "raw": lambda name, value: f"{name}: {value}\r\nHost: x",
    "no space": lambda name, value: f"{name}:{value}",
    "equals": lambda name, value: f"{name}={value}",
    "dict": lambda name, value: repr({"Host": "x", name: value, "Accept": "y"}),
    "double quotes": lambda name, value: repr({name: value + "'"}),
    "json": lambda name, value: json.dumps({name: value, "Accept": "y"}),
    "compact json": lambda name, value: json.dumps({name: value, "Accept": "y"}, separators=(",", ":")),
    "json in json": lambda name, value: json.dumps({"message": json.dumps({name: value})}),
    "environ": lambda name, value: repr({environ_name(name): value}),
    "pairs": lambda name, value: repr([(name, value)]),
    "pairs of bytes": lambda name, value: repr([(name.lower().encode(), value.encode())]),
    "json pairs": lambda name, value: json.dumps([[name, value]]),
    "list of values": lambda name, value: repr({name: ["short", value]}),
    "request": lambda name, value: repr(f"GET / HTTP/1.1\r\n{name}: {value}\r\n\r\n".encode()),
    "curl": lambda name, value: f"curl -H '{name}: {value}' https://x",
}


@pytest.mark.parametrize("case", [str.title, str.lower, str.upper])
@pytest.mark.parametrize("form", HEADER_FORMS)
@pytest.mark.parametrize("header", HEADERS)
def test_a_header_loses_its_value(header: str, form: str, case: Callable[[str], str]) -> None:
    for value in (SESSION, HEX, OPAQUE):
        line = line_of("received " + HEADER_FORMS[form](case(header), value))
        assert leaks(value, line) == [], line


@pytest.mark.parametrize(("secret", "shown"), PLAIN.values(), ids=PLAIN)
def test_a_credential_disappears_in_every_form(secret: str, shown: str) -> None:
    text = shown % secret
    nested = json.dumps({"a": [text, {"b": text}]})
    forms = [
        text,
        repr(text),
        str(text.encode()),
        json.dumps(text),
        repr({"a": text}),
        repr([text]),
        nested,
        json.dumps(nested),
    ]
    forms += [f"{text}, {text}; {text} {text}", f"first line\n{text}\nlast line", text + "\x00", "é" + text + "é"]
    assert [line for line in map(line_of, forms) if leaks(secret, line)] == []


@pytest.mark.parametrize(("secret", "shown"), PLAIN.values(), ids=PLAIN)
def test_no_part_is_left_where_a_line_is_cut(secret: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut at every character of the text and of the words before and after it."""
    monkeypatch.setattr(log_redaction, "HEAD", 700)
    monkeypatch.setattr(log_redaction, "MAX_LENGTH", 800)
    for filler in (".", "\n", "é>"):
        for length in range(700 - len(shown % secret) - 60, 710):
            line = line_of(f"{filler * (length // len(filler))} {shown % secret} {filler * 2_000}")
            assert " characters left out>" in line
            assert leaks(secret, line) == [], length


def test_the_beginning_of_a_cut_line_stays() -> None:
    line = line_of("Cookie: " + "x" * 2 * MAX_LENGTH)
    assert "INFO tests [-] Cookie: <secret> <" in line
    assert line_of("abc " * MAX_LENGTH).count("abc") > 5_000


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "STRIPE_SECRET_KEY", "EMAIL_HOST_PASSWORD", "METRICS_TOKEN"]
)
def test_a_configured_secret_disappears_without_its_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "".join(['Zx9"', "q'\\ü", secrets.token_hex(16)])
    monkeypatch.setattr(sys.modules[settings.SETTINGS_MODULE], name, [secret] if name.endswith("S") else secret)
    configured_secrets.cache_clear()
    try:
        forms = [
            f"It is {secret}.",
            repr(secret),
            json.dumps(secret),
            json.dumps([secret], ensure_ascii=False),
            quote(secret, safe=""),
        ]
        assert [line for line in map(line_of, forms) if leaks(secret[-32:], line)] == []
    finally:
        configured_secrets.cache_clear()


def test_the_password_of_the_database_disappears() -> None:
    password = connection.settings_dict["PASSWORD"]
    assert len(password) >= 8
    assert password not in line_of(f"Trying {password} now")


def test_a_short_setting_does_not_garble_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[settings.SETTINGS_MODULE], "METRICS_TOKEN", "e")
    configured_secrets.cache_clear()
    assert line_of("seven geese").endswith("seven geese")
    configured_secrets.cache_clear()


@pytest.mark.django_db
def test_real_keys_of_emails_disappear(alice: User) -> None:
    reset = f"{user_pk_to_url_str(alice)}-{ResetKeys().make_token(alice)}"
    verify = EmailConfirmationHMAC(EmailAddress(pk=4711, email=alice.email)).key
    for name, key in (("account_reset_password_from_key", reset), ("account_confirm_email", verify)):
        url = settings.HEADLESS_FRONTEND_URLS[name].replace("{key}", key)
        for text in (url, repr(url), json.dumps({"url": url}), json.dumps({"key": key}), repr({"key": key})):
            assert leaks(key, line_of(f"mail with {text} to x")) == []


@pytest.mark.parametrize(
    "text",
    [
        "Not Found: /api/v1/finance/accounts/",
        "job finance.tasks.import_file[4711](import_id='0190') took 3.2 s",
        "The database failed during GET /api/v1/users/me/: server closed the connection unexpectedly",
        "checked 12 keys, 3 tokens and 4 passwords: all pass",
        "seal 5f2e" + "0a" * 30 + " at 2026-01-01T00:00:00+00:00",
    ],
)
def test_an_ordinary_line_stays_as_it_is(text: str) -> None:
    assert line_of(text).endswith(f"[-] {text}")


def failure(message: str, depth: int) -> tuple[type[BaseException], BaseException, TracebackType | None]:
    """Return the `exc_info` of an error that was raised `depth` calls deep, by two functions in turn."""

    def even(left: int) -> None:
        if left == 0:
            raise RuntimeError(message)
        odd(left - 1)

    def odd(left: int) -> None:
        even(left)

    try:
        even(depth)
    except RuntimeError as error:
        return RuntimeError, error, error.__traceback__
    raise AssertionError


def test_a_long_traceback_keeps_its_beginning_and_its_end() -> None:
    record = logging.LogRecord("tests", logging.ERROR, "", 1, "It failed", (), failure("the last words", 400))
    line = RedactingFormatter().format(record)
    assert len(line) <= MAX_LENGTH + 200
    assert line.startswith("It failed\nTraceback (most recent call last):")
    assert line.endswith("RuntimeError: the last words")
    assert " characters left out>" in line


def test_the_end_of_a_long_message_is_not_shown() -> None:
    """Show no end that could begin in the middle of a value."""
    record = logging.LogRecord("tests", logging.ERROR, "", 1, "It failed", (), failure("x" * MAX_LENGTH + PERSON * 9_000, 1))
    line = RedactingFormatter().format(record)
    assert leaks(PERSON, line) == []
    assert len(line) <= MAX_LENGTH + 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    "value", ["a private text", "a private text\n\nwith a second private text", "x\nHINT: of a private text"]
)
def test_no_value_of_a_refused_row_is_left(value: str) -> None:
    """Redact values with blank lines, too, but not the traceback after them."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE refused (name text, CHECK (name = ''))")
        with pytest.raises(IntegrityError) as caught:
            cursor.execute("INSERT INTO refused VALUES (%s)", [value])
    info = (caught.type, caught.value, caught.tb)
    line = RedactingFormatter().format(logging.LogRecord("tests", logging.ERROR, "", 1, "It failed", (), info))
    assert "private text" not in line
    assert "django.db.utils.IntegrityError" in line
    assert "DETAIL: <left out>" in line
