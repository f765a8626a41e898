"""Settings of webhooks."""

from typing import TypedDict

from mingus.env import Environment

DEFAULT_PORTS = ["443", "8443"]


class WebhookSettings(TypedDict):
    """The limits of requests to the receivers of webhooks."""

    allow_private: bool
    ca_file: str
    ports: list[int]
    timeout: int


def webhooks_from(env: Environment) -> WebhookSettings:
    """Read the settings of webhooks from the environment."""
    ports = env.names("WEBHOOK_PORTS", DEFAULT_PORTS)
    wrong = [port for port in ports if not (port.isdecimal() and 0 < int(port) < 65536)]
    env.problems += [("WEBHOOK_PORTS", f"{port} is not a port") for port in wrong]
    return {
        "allow_private": env.flag("WEBHOOK_ALLOW_PRIVATE"),
        "ca_file": env.text("WEBHOOK_CA_FILE"),
        "ports": [int(port) for port in ports if port not in wrong],
        "timeout": env.number("WEBHOOK_TIMEOUT", 15, at_least=1, at_most=60),
    }
