"""MINGUS: the WSGI application that production serves, with all of its middleware."""

from benchmarks.contenders.calls import WsgiContender
from mingus.wsgi import application


def contender() -> WsgiContender:
    return WsgiContender("MINGUS", application)
