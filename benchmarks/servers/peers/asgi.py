"""The ASGI applications of the contenders on SQLAlchemy and asyncpg."""

import os

from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from benchmarks.servers.peers import fast_api, litestar_api

engine = create_async_engine(
    make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql+asyncpg"),
    pool_size=int(os.environ["BENCH_CONNECTIONS"]),
    max_overflow=0,
)
fast = fast_api.application(engine)
star = litestar_api.application(engine)
