"""The limit (`benchmarks.servers.peers.limit`) in this process."""

import psycopg

from benchmarks.contenders.calls import WsgiContender
from benchmarks.production import connection_parameters
from benchmarks.servers.peers.limit import Limit


def contender() -> WsgiContender:
    connection = psycopg.connect(**connection_parameters(), autocommit=True)
    return WsgiContender("bare WSGI, psycopg, orjson", Limit(connection))
