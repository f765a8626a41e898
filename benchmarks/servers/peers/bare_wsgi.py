"""The WSGI application of the limit. Its one connection opens in the process that serves."""

import os

import psycopg

from benchmarks.servers.peers.limit import Limit

application = Limit(psycopg.connect(os.environ["DATABASE_URL"], autocommit=True))
