"""HTTP over bare sockets, for requests that no well-behaved client sends."""

import socket
import time
from dataclasses import dataclass
from typing import Any

import orjson

TIMEOUT = 30.0


@dataclass(frozen=True)
class Reply:
    """A response, and the seconds that it took."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


class Connection:
    """A connection that sends what it is told, and reads responses one by one."""

    def __init__(self, port: int, *, receive_buffer: int | None = None) -> None:
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(TIMEOUT)
        self.socket.connect(("127.0.0.1", port))
        self._file = self.socket.makefile("rb")

    def send(self, *lines: str, body: bytes = b"") -> "Connection":
        """Send the lines of a head and a body."""
        self.socket.sendall("\r\n".join([lines[0], "Host: 127.0.0.1", *lines[1:], "", ""]).encode() + body)
        return self

    def reply(self, *, has_body: bool = True) -> Reply:
        start = time.monotonic()
        status = int(self._file.readline().split()[1])
        pairs = iter(self._file.readline, b"\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.decode("latin-1").partition(":") for line in pairs)}
        body = self._file.read(int(headers.get("content-length", "0"))) if has_body else b""
        return Reply(status, headers, body, time.monotonic() - start)

    def is_closed(self) -> bool:
        """Return True if the server closes the connection without another byte."""
        try:
            return self._file.read(1) == b""
        except ConnectionResetError:
            return True

    def close(self) -> None:
        self._file.close()
        self.socket.close()


def get(port: int, path: str, token: str = "") -> Reply:
    """Send a GET request on a new connection."""
    connection = Connection(port)
    try:
        return connection.send(f"GET {path} HTTP/1.1", *authorization(token)).reply()
    finally:
        connection.close()


def authorization(token: str) -> list[str]:
    return [f"Authorization: Bearer {token}"] if token else []
