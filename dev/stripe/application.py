"""Handling of an API request: authentication, faults, idempotency, parameters, the operation, the response."""

import base64
import re
import time
import traceback
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

import orjson

from dev.stripe import object_schemas
from dev.stripe import resources as resources  # registers the routes
from dev.stripe.account import API_VERSION, Account, RequestContext
from dev.stripe.api_versions import serialize
from dev.stripe.deliveries import Deliveries
from dev.stripe.errors import ApiError
from dev.stripe.expand import expanded
from dev.stripe.faults import REQUESTS, Fault, Faults
from dev.stripe.form_encoding import decoded
from dev.stripe.idempotency import IdempotencyKeys, fingerprint
from dev.stripe.ids import new_id
from dev.stripe.lifecycle.bank_debits import next_intent_action_at, settle_debit
from dev.stripe.lifecycle.checkout import expire_session, next_session_action_at
from dev.stripe.lifecycle.collection import advance_invoice, next_invoice_action_at
from dev.stripe.lifecycle.refund_results import next_refund_action_at, settle_when_due
from dev.stripe.lifecycle.renewal import advance_subscription, next_subscription_action_at
from dev.stripe.parameters import read
from dev.stripe.routes import match_route
from dev.stripe.scheduler import Scheduler
from dev.stripe.store import Store

KINDS = {
    "subscription": (next_subscription_action_at, advance_subscription),
    "invoice": (next_invoice_action_at, advance_invoice),
    "refund": (next_refund_action_at, settle_when_due),
    "checkout.session": (next_session_action_at, expire_session),
    "payment_intent": (next_intent_action_at, settle_debit),
}
VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.\w+)?")
MAX_LOGGED_REQUESTS = 10_000


@dataclass
class ApiResponse:
    """A response. If it is `broken`, the connection is closed instead."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    broken: bool = False

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass
class ApiRequest:
    """A request. Header names are in lower case."""

    method: str
    path: str
    query: str
    body: bytes
    headers: dict[str, str]

    @property
    def form(self) -> str:
        return "&".join(filter(None, (self.query, self.body.decode())))


class Application:
    """The emulator without its sockets."""

    def __init__(self, url: str, key: str, state: str | None = None) -> None:
        self.state, self.store = state, Store(state)
        self.account = Account(self.store, url, key)
        with self.store.transaction():
            self.account.create_settings()
        self.faults = Faults()
        self.deliveries = Deliveries(self.account, self.faults)
        self.scheduler = Scheduler(self.account, KINDS)
        self.account.step = self.scheduler.step
        self.keys = IdempotencyKeys(self.account)
        self.checks_objects = False
        self.object_errors: set[str] = set()
        self.log: deque[dict[str, Any]] = deque(maxlen=MAX_LOGGED_REQUESTS)
        self.counts: Counter[str] = Counter()

    def catch_up(self) -> None:
        """Run everything that is due by the account's own clock."""
        with self.store.transaction():
            now = self.account.now()
        while self.scheduler.step("", now):
            pass

    def handle(self, call: ApiRequest) -> ApiResponse:
        fault = self.faults.next_fault(REQUESTS, call.method, call.path)
        request = new_id("req")
        response = self.fault_response(fault) if fault else None
        if response is None:
            response = self.respond_with_errors(call, request)
        if fault and fault.kind == "drop_after":
            response.broken = True
        seen = {"method": call.method, "path": call.path, "status": response.status, "id": request, "broken": response.broken}
        self.counts[f"{call.method} {call.path.removeprefix('/v1/').split('/')[0]}"] += 1
        self.log.append(
            {**seen, "idempotency_key": call.headers.get("idempotency-key"), "fault": fault.kind if fault else None}
        )
        response.headers.setdefault("Request-Id", request)
        return response

    def fault_response(self, fault: Fault) -> ApiResponse | None:
        """Return the response of a fault that prevents the operation, None for other faults."""
        if fault.kind in ("drop", "down"):
            return ApiResponse(0, b"", broken=True)
        if fault.kind == "slow":
            time.sleep(fault.seconds)
        if fault.kind == "html":
            return ApiResponse(
                500, b"<html><body><h1>500 Internal Server Error</h1></body></html>", {"Content-Type": "text/html"}
            )
        refuse = REFUSALS.get(fault.kind)
        return refuse(fault) if refuse else None

    def internal_error(self, request: str) -> ApiResponse:
        """Return 500 for a fault in the emulator itself, and print the traceback."""
        traceback.print_exc()
        return error_response(ApiError("The emulator failed. See its stderr.", status=500, kind="api_error"), request)

    def respond_with_errors(self, call: ApiRequest, request: str) -> ApiResponse:
        """Return the response to a request, also for an error."""
        try:
            authenticate(call.headers.get("authorization", ""), self.account.key)
            key = call.headers.get("idempotency-key") if call.method == "POST" else None
            with self.keys.using(key):
                self.catch_up()
                return self.respond_idempotently(call, key, request)
        except ApiError as error:
            return error_response(error, request)
        except Exception:  # noqa: BLE001  a client must get a response
            return self.internal_error(request)

    def respond_idempotently(self, call: ApiRequest, key: str | None, request: str) -> ApiResponse:
        """Return the stored response of an idempotency key, or run the operation and store its response."""
        mark = fingerprint(call.method, call.path, call.form)
        try:
            with self.store.transaction():
                stored = self.keys.stored(key, mark)
                if stored:
                    again = {
                        "Idempotent-Replayed": "true",
                        "Original-Request": stored["request"],
                        "Request-Id": stored["request"],
                    }
                    return ApiResponse(stored["status"], stored["body"].encode(), again)
                response = self.run_operation(call, key, request)
                self.keys.store(key, mark, response.status, response.body.decode(), request)
                return response
        except ApiError as error:
            if error.keeps_work or error.status == 402:
                with self.store.transaction():
                    self.keys.store(key, mark, error.status, orjson.dumps(error.body(request)).decode(), request)
            raise

    def run_operation(self, call: ApiRequest, key: str | None, request: str) -> ApiResponse:
        """Find the operation of a request, read its parameters, run it and serialize the result."""
        version = self.version_of(call)
        route, names = match_route(call.method, call.path)
        given = read(route.table, decoded(call.form))
        paths = given.pop("expand", [])
        self.account.request = RequestContext(request, key, version)
        try:
            result = route.operation(self.account, given, *names)
            body = expanded(self.account, serialize(self.account, result, version), paths, version)
        finally:
            self.account.request = RequestContext()
        if self.checks_objects and version == API_VERSION:
            self.object_errors.update(object_schemas.of_response(body))
        return ApiResponse(200, orjson.dumps(body, option=orjson.OPT_INDENT_2), {"Stripe-Version": version})

    def version_of(self, call: ApiRequest) -> str:
        """Return the API version of a request, which is the account's by default."""
        version = call.headers.get("stripe-version") or str(self.account.settings["api_version"])
        if not VERSION.fullmatch(version):
            raise ApiError(f"Invalid Stripe API version: {version}")
        return version


def authenticate(header: str, key: str) -> None:
    """Raise ApiError unless the header has the key, as Bearer or as the user name of Basic."""
    scheme, _, credentials = header.partition(" ")
    if scheme.lower() == "basic":
        credentials = base64.b64decode(credentials + "==").decode(errors="replace").partition(":")[0]
    if not credentials:
        raise ApiError(
            "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth "
            "(e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
            status=401,
        )
    if credentials.strip() != key:
        raise ApiError(f"Invalid API Key provided: {credentials[:8]}****{credentials[-4:]}", status=401)


def rate_limited(fault: Fault) -> ApiResponse:
    """Return 429 with the header that names the limit: docs.stripe.com/rate-limits."""
    message = "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits."
    response = error_response(ApiError(message, status=429, code="rate_limit"), "")
    response.headers["Stripe-Rate-Limited-Reason"] = "global-rate"
    if fault.seconds:
        response.headers["Retry-After"] = str(int(fault.seconds))
    return response


def locked(fault: Fault) -> ApiResponse:
    """Return 429 for an object that another request holds: docs.stripe.com/rate-limits#object-lock-timeouts."""
    message = (
        "This object cannot be accessed right now because another API request or Stripe process is currently accessing it. If "
        "you see this error intermittently, retry the request. If you see this error frequently and are making multiple "
        "concurrent requests to a single object, make your requests serially or at a lower rate. For more details, see "
        "https://stripe.com/docs/rate-limits#object-lock-timeouts."
    )
    return error_response(ApiError(message, status=429, code="lock_timeout"), "")


def forbidden(fault: Fault) -> ApiResponse:
    """Return 403 for a restricted key: docs.stripe.com/keys-best-practices."""
    message = (
        "The provided key 'rk_test_*********' does not have the required permissions for this endpoint on account "
        f"'acct_emulator'. Having the '{fault.permission}' permission would allow this request to continue."
    )
    return error_response(ApiError(message, status=403), "")


def failed(fault: Fault) -> ApiResponse:
    return error_response(ApiError("An unknown error occurred", status=500, kind="api_error"), "")


REFUSALS = {"rate_limit": rate_limited, "lock_timeout": locked, "forbidden": forbidden, "error": failed}


def error_response(error: ApiError, request: str) -> ApiResponse:
    """Return the response to an error. `Stripe-Should-Retry` is false for errors that a retry would not change."""
    headers = {"Stripe-Should-Retry": "false"} if error.status in (400, 401, 402, 403, 404) else {}
    return ApiResponse(error.status, orjson.dumps(error.body(request), option=orjson.OPT_INDENT_2), headers)
