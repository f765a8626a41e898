"""CPU time of this process for each operation of the API by a signed-in user's session: `make bench ARGS="--only operations"`.

The rows and the bodies come from the factories: a POST sends the values of a row that was just deleted, a PATCH and a PUT those
of the row itself, another action its body of BODIES.
"""

import gc
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import orjson
from django.core.wsgi import get_wsgi_application
from tqdm import tqdm

from benchmarks.contenders.calls import Request, Response, WsgiContender, environment
from benchmarks.measure import percentile
from benchmarks.scale import Scale
from benchmarks.servers.sign_up import new_session
from billing.models import SubscriptionPlan
from billing.services import grant_plan, load_catalog
from core import clock
from core.api.permissions import StaffModelPermission
from dev.factories import UserFactory
from dev.routes import OPERATIONS, Route, make
from mingus.garbage import freeze_loaded_objects
from users.models import UserProfile

READS, WRITES = 15, 6  # repetitions, of which the first does not count
GOAL, BOUND = 0.004, 0.012  # seconds: of 95 % of the operations, and of each
# Parts of the paths of operations that may take longer, because they process files or many rows.
EXEMPT = {"bulk", "download", "export", "import", "uploads"}
# Bodies of actions, and of rows that are not created by a factory.
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("put", "users/profile/"): {"first_name": "Ada", "last_name": "Lovelace", "zip_code": "10001"},
    ("patch", "users/profile/"): {"first_name": "Ada"},
    ("post", "health/goals/<uuid:pk>/progress/"): {"current_value": 1},
    ("post", "career/milestones/<uuid:pk>/progress/"): {"progress_percentage": 50},
    ("post", "finance/income-projections/generate/"): {"current_income": "60000.00"},
}
HEAD = "| operation | status | CPU of our process, ms |\n|---|---|---|"
PLAN = "Professional"  # has all features
ROWS = 60  # of each list, so that a page is full


@dataclass(frozen=True, slots=True)
class Cost:
    """An operation, the status of its response, and its median CPU seconds."""

    method: str
    path: str
    status: int
    cpu: float

    @property
    def is_exempt(self) -> bool:
        return bool(EXEMPT & set(self.path.split("/")))

    def line(self) -> str:
        mark = " (exempt)" if self.is_exempt else ""
        return f"| `{self.method.upper()} {self.path}`{mark} | {self.status} | {self.cpu * 1000:.2f} |"


class Caller:
    """A user who calls the API by the token of their session."""

    def __init__(self, *, is_staff: bool) -> None:
        name = "staff" if is_staff else "customer"
        self.user: Any = UserFactory.create(email=f"{name}-operations@example.com", is_staff=is_staff, is_superuser=is_staff)
        make(UserProfile, 1, self.user)
        # Some operations require that the password was entered again a few minutes ago.
        self._session = new_session(self.user, {"method": "mfa" if is_staff else "password", "reauthenticated": True})
        self._application = get_wsgi_application()

    def call(self, method: str, path: str, body: object = None) -> Response:
        """Send a request, and return the response."""
        request = Request(token="", path=path, body=b"" if body is None else orjson.dumps(body))
        changed = {"REQUEST_METHOD": method.upper(), "HTTP_X_SESSION_TOKEN": self._session}
        environ = {name: value for name, value in environment(request).items() if name != "HTTP_AUTHORIZATION"} | changed
        return WsgiContender("MINGUS", lambda _, start: self._application(environ, start)).handle(request)

    def reads(self, path: str) -> Any:
        """Return the JSON of a GET, an empty dictionary if it is refused."""
        response = self.call("get", path)
        return response.data if response.status == 200 else {}


class Writer:
    """The rows and bodies of an operation, new for each repetition."""

    def __init__(self, caller: Caller, route: Route, method: str) -> None:
        self._caller = caller
        self._route = route
        self._method = method
        self._body = BODIES.get((method, str(route)))

    def prepared(self) -> tuple[str, Any]:
        """Return the path and the body of the next repetition."""
        action = self._route.methods[self._method]
        if self._route.has_key:
            path = self._route.path(make(self._route.model, 1, self._caller.user)[0].pk)
            return path, self._own_values(path) if action in {"update", "partial_update"} else self._body
        if action == "create":
            return self._route.path(), self._values_of_deleted()
        return self._route.path(), self._body

    def _values_of_deleted(self) -> Any:
        """Return the values of a new row, which is deleted, so that they are valid and unique."""
        row = make(self._route.model, 1, self._caller.user)[0]
        values = self._own_values(f"{self._route.path()}{row.pk}/") or self._body
        row.delete()
        return values

    def _own_values(self, path: str) -> Any:
        """Return the values of a row that its serializer accepts."""
        shown = self._caller.reads(path)
        serializer = getattr(self._route.view, "serializer_class", None)
        fields = serializer().fields if serializer else {}
        return {name: value for name, value in shown.items() if name in fields and not fields[name].read_only}


def run(scale: Scale) -> list[Cost]:
    """Measure all operations."""
    logging.disable(logging.WARNING)  # of each refusal
    freeze_loaded_objects()  # as production does
    customer, staff = Caller(is_staff=False), Caller(is_staff=True)
    load_catalog()
    grant_plan(user=customer.user, plan=SubscriptionPlan.objects.get(name=PLAN, billing_cycle="monthly"), now=clock.now())
    reads, writes = (3, 2) if scale.is_quick else (READS, WRITES)
    return [
        _cost(staff if _is_of_staff(route, method) else customer, route, method, reads if method == "get" else writes)
        for route, method in tqdm(OPERATIONS, desc="operations", unit="operation", leave=False, disable=None)
    ]


def _is_of_staff(route: Route, method: str) -> bool:
    return any(issubclass(each, StaffModelPermission) for each in route.view.permission_classes) and not route.is_public(method)


def _cost(caller: Caller, route: Route, method: str, count: int) -> Cost:
    if method == "get":
        if route.is_list and not route.has_key:
            make(route.model, ROWS, caller.user)
        path = route.path(make(route.model, 1, caller.user)[0].pk) if route.has_key else route.path()
        return _measured(caller, route, method, lambda: (path, None), count)
    return _measured(caller, route, method, Writer(caller, route, method).prepared, count)


def _measured(caller: Caller, route: Route, method: str, prepared: Callable[[], tuple[str, Any]], count: int) -> Cost:
    seconds, status = [], 0
    gc.collect()
    for _ in range(count):
        path, body = prepared()
        start = time.process_time()
        status = caller.call(method, path, body).status
        seconds.append(time.process_time() - start)
    return Cost(method, str(route), status, median(seconds[1:]))


def table(costs: Sequence[Cost]) -> str:
    """Return the summary and all operations, the slowest first, as Markdown."""
    bounded = [cost for cost in costs if cost.status < 400 and not cost.is_exempt]
    ordered = sorted(cost.cpu for cost in bounded)
    p95, slow = percentile(ordered, 95), [cost for cost in bounded if cost.cpu > BOUND]
    refused, exempt = sum(cost.status >= 400 for cost in costs), sum(cost.is_exempt for cost in costs)
    summary = (
        f"{len(costs)} operations, of which {refused} were refused and {exempt} are exempt (files and many"
        " rows). Of the others, 95 % take at most"
        f" {p95 * 1000:.2f} ms (goal: {GOAL * 1000:g}), and {len(slow)} take more than {BOUND * 1000:g} ms (goal: none)."
    )
    return "\n".join([summary, "", HEAD, *(cost.line() for cost in sorted(costs, key=lambda cost: -cost.cpu))])
