"""Types of the ASGI protocol, which Granian speaks with the application."""

from collections.abc import Awaitable, Callable
from typing import Any

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
# Granian accepts a call from any thread, and takes the message at once. The result needs to be awaited only for a response in
# several parts, where it is done when the client has read enough of the earlier ones.
Send = Callable[[Message], Awaitable[None]]


async def wait_for_disconnect(receive: Receive) -> None:
    """Return when the client has disconnected or has received the whole response."""
    while (await receive())["type"] != "http.disconnect":
        pass
