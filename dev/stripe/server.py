"""The HTTP/1.1 server with keep-alive. It has one thread a connection, which is enough for the fifty that tests open."""

import socket
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from dev.stripe import control_api
from dev.stripe.application import ApiRequest, ApiResponse, Application
from dev.stripe.errors import ApiError
from dev.stripe.pages import routes

TICK = 0.25  # seconds between checks of the account's clock
MAX_BODY_SIZE = 1_000_000


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, application: Application) -> None:
        self.application = application
        super().__init__(("127.0.0.1", port), Handler)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def do(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY_SIZE:
            self.send_error(413)
            self.close_connection = True
            return
        body = self.rfile.read(length)
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        call = ApiRequest(self.command, unquote(parts.path), parts.query, body, headers)
        self.write(routed(self.server.application, call))

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = do_HEAD = do  # noqa: N815  the names are http.server's

    def write(self, response: ApiResponse) -> None:
        """Send a response, or end the connection if it is broken."""
        if response.broken:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(response.status)
        for name, value in {"Content-Type": "application/json", **response.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    wbufsize = -1  # headers and body leave together

    def log_message(self, *args: Any) -> None:
        """Log nothing: `_control/requests` has the requests."""


def routed(application: Application, call: ApiRequest) -> ApiResponse:
    if call.path.startswith("/v1/"):
        return application.handle(call)
    if call.path.startswith("/_control/"):
        return control_api.handle(application, call)
    try:
        return routes.handle(application, call)
    except ApiError as error:
        return ApiResponse(error.status, error.message.encode(), {"Content-Type": "text/plain; charset=utf-8"})


def serve(server: Server) -> None:
    """Serve requests until `server.shutdown()`, advance the clock and post webhooks."""
    application = server.application
    stopped = threading.Event()

    def tick() -> None:
        while not stopped.wait(TICK):
            try:
                application.catch_up()
            except Exception:  # noqa: BLE001  a failed action must not stop the clock
                traceback.print_exc()

    threads = [threading.Thread(target=tick, daemon=True), threading.Thread(target=application.deliveries.run, daemon=True)]
    for thread in threads:
        thread.start()
    try:
        server.serve_forever(poll_interval=0.1)
    finally:
        stopped.set()
        application.deliveries.stop()
