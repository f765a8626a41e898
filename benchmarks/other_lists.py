"""Every other list of the API against its twin, a stock DRF viewset of the same model, fields and order: 50 rows."""

from functools import partial
from statistics import median
from typing import Any

from tqdm import tqdm

from benchmarks.api_contract import PATH
from benchmarks.contenders import drf_lists, mingus_api
from benchmarks.contenders.calls import Request
from benchmarks.measure import Meter, Result, Spread, always, interleaved
from benchmarks.responses import require_equal, response_times
from benchmarks.scale import Scale
from core.api.permissions import StaffModelPermission
from dev.factories import TokenFactory, UserFactory
from dev.routes import LISTS, Route, make

SEARCH = f"{PATH}search/"  # the same list at a second URL
ROWS = 60  # more than a page of 50; some tables allow fewer rows per user


def run(meter: Meter, scale: Scale) -> list[Result]:
    """Return a result for each list, with ratios to its own twin."""
    customer: Any = UserFactory(email="twins@example.com")
    staff: Any = UserFactory(email="staff@example.com", is_staff=True, is_superuser=True)
    made: list[Any] = [TokenFactory(user=user, scope="read-write") for user in (customer, staff)]
    of_customer, of_staff = (token.text for token in made)
    routes = [route for route in LISTS if route.path() not in (PATH, SEARCH)]
    for route in routes:
        make(route.model, ROWS, customer)
    mingus = mingus_api.contender()
    stock = drf_lists.contender({route.pattern: route.view for route in routes})
    return [
        _one(
            route,
            _request(route, of_staff if StaffModelPermission in route.view.permission_classes else of_customer),
            [stock, mingus],
            meter,
            scale,
        )
        for route in tqdm(routes, desc="lists", unit="list", leave=False)
    ]


def _request(route: Route, token: str) -> Request:
    order = drf_lists.ordering_of(route.view)
    return Request(token=token, path=route.path(), query="" if order == route.view.ordering else f"ordering={order}")


def _one(route: Route, request: Request, contenders: list[Any], meter: Meter, scale: Scale) -> Result:
    pages = {contender.name: contender.handle(request).data["results"] for contender in contenders}
    require_equal(pages, rows=len(pages[contenders[0].name]))
    requests = [request] * max(scale.list_requests // 10, 5)
    work = {contender.name: always(partial(response_times, contender, requests, 200)) for contender in contenders}
    _, found = interleaved(work, rounds=scale.rounds, meter=meter)
    return found.named(str(route))


def together(results: list[Result]) -> Spread:
    """Return the median, the best and the worst of the lists' median ratios."""
    ratios = [result.cpu_ratio.median for result in results]
    return Spread(median(ratios), min(ratios), max(ratios))
