"""Memory of one worker over many mixed requests: lists, single objects and writes by each credential, and errors."""

import http.client
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice

from tqdm import tqdm

from benchmarks.api_contract import PATH
from benchmarks.responses import UnequalError
from benchmarks.scale import Scale
from benchmarks.servers.entrants import COOKIE, SESSION, TOKEN, Population
from benchmarks.servers.load import HttpRequest, send
from benchmarks.servers.processes import Server

SAMPLES = 10
SETTLED = 2  # the sample from which on the memory must not grow
MEBIBYTE = 2**20


def mixed(population: Population) -> Iterator[HttpRequest]:
    """Yield requests without end: seven reads, two writes and one error of ten."""
    parts = [
        population.lists(TOKEN),
        population.objects(SESSION),
        population.lists(COOKIE),
        population.posts(TOKEN),
        population.objects(TOKEN),
        population.lists(SESSION),
        population.objects(COOKIE),
        population.posts(SESSION),
        population.lists(TOKEN),
    ]
    refused = cycle([HttpRequest("GET", f"{PATH}?unknown=1", request.headers) for request in parts[0].requests])
    for requests in zip(*(cycle(part.requests) for part in parts), refused, strict=False):
        yield from requests


def run(server: Server, population: Population, scale: Scale) -> list[int]:
    """Return the resident bytes of the worker after each tenth of the requests."""
    requests, found = mixed(population), []
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    for _ in tqdm(range(SAMPLES), desc=f"memory of {server.name}", unit="sample", leave=False, disable=None):
        for request in islice(requests, scale.memory_requests // SAMPLES):
            reply = send(connection, request)
            if reply.status >= 500:
                raise UnequalError(f"{request.method} {request.path} returned {reply.status}: {reply.body[:500]!r}")
        found.append(server.resident())
    connection.close()
    return found


def table(found: Mapping[str, Sequence[int]]) -> str:
    """Return the memory of each build, its growth, and the ratio to the first build as a table in Markdown."""
    last = next(iter(found.values()))[-1]
    head = " | ".join(f"{10 * number} %" for number in range(1, SAMPLES + 1))
    lines = [
        f"| {name} | {' | '.join(f'{size / MEBIBYTE:.1f}' for size in sizes)} | {growth(sizes):+.1%} | {sizes[-1] / last:.2f} |"
        for name, sizes in found.items()
    ]
    return "\n".join([f"| MiB after | {head} | from 20 % on | × the first |", "|---" * (SAMPLES + 3) + "|", *lines])


def growth(sizes: Sequence[int]) -> float:
    """Return the growth after the first fifth of the requests."""
    return sizes[-1] / sizes[SETTLED - 1] - 1
