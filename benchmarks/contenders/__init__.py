"""Who is measured. A contender is a module with `contender()`, which gives an object that answers calls; add a line here."""

from collections.abc import Callable

from benchmarks.contenders import fast_api, limit, mingus_api, ninja_api, stock_drf
from benchmarks.contenders.calls import Contender

# The first is what the others are compared with.
CONTENDERS: tuple[Callable[[], Contender], ...] = (
    limit.contender,
    mingus_api.contender,
    fast_api.on_asyncpg,
    fast_api.on_psycopg,
    ninja_api.contender,
    stock_drf.contender,
)
