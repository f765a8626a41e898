"""The contenders: modules with a function `contender()`, which returns a `calls.Contender`."""

from collections.abc import Callable

from benchmarks.contenders import fast_api, limit, mingus_api, ninja_api, stock_drf
from benchmarks.contenders.calls import Contender

# The others are compared with the first.
CONTENDERS: tuple[Callable[[], Contender], ...] = (
    limit.contender,
    mingus_api.contender,
    fast_api.on_asyncpg,
    fast_api.on_psycopg,
    ninja_api.contender,
    stock_drf.contender,
)
