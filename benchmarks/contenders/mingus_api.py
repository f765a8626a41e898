"""MINGUS: the WSGI application that production serves, with all of its middleware."""

from django.core.wsgi import get_wsgi_application

from benchmarks.contenders.calls import WsgiContender


def contender() -> WsgiContender:
    return WsgiContender("MINGUS", get_wsgi_application())
