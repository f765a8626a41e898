"""A receiver of webhooks: an HTTPS server on this machine that records requests and responds as a test says."""

import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import trustme

HOST = "hooks.example.com"


@dataclass
class Received:
    """A request that the receiver got."""

    path: str
    headers: dict[str, str]
    body: bytes


class Handler(BaseHTTPRequestHandler):
    server: "Receiver"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.received.append(Received(self.path, headers, body))
        self.server.respond(self)

    def log_message(self, *args: Any) -> None:
        """Log nothing."""


Respond = Callable[[Handler], None]


def responding(status: int, body: bytes = b"", **headers: str) -> Respond:
    """Return a response with a status, a body and headers."""

    def respond(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return respond


class Receiver(ThreadingHTTPServer):
    """The server. `connections` counts the connections that were accepted, also those without a request."""

    daemon_threads = True

    def __init__(self, authority: trustme.CA, *, address: str = "127.0.0.1", host: str = HOST) -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, 0), Handler)
        self.received: list[Received] = []
        self.connections = 0
        self.respond = responding(200)
        self.stopped = threading.Event()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(host).configure_cert(self._context)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def get_request(self) -> tuple[Any, Any]:
        plain, address = super().get_request()
        self.connections += 1
        return self._context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, *args: Any) -> None:
        """Ignore clients that end the connection."""

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.server_port}/hook"

    def close(self) -> None:
        self.stopped.set()
        self.shutdown()
        self.server_close()
