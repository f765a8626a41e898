"""Environment variables for `mingus.settings`.

A value that can't be used does not raise. It is replaced by its default and recorded in `problems`, which `mingus.checks`
reports with an id and a remedy before the server starts.
"""

from collections.abc import Callable, Collection
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any

from environs import EnvError, FileAwareEnv


class Environment:
    """Typed access to environment variables. `X_FILE` may name a file that contains the value of `X`."""

    def __init__(self, dotenv: Path) -> None:
        self.problems: list[tuple[str, str]] = []
        self._reader = FileAwareEnv(strip_whitespace=True)
        if dotenv.is_file():
            self._reader.read_env(str(dotenv), recurse=False)

    def text(self, name: str, default: str = "") -> str:
        return str(self._read(self._reader.str, name, default))

    def flag(self, name: str, default: bool = False) -> bool:
        return bool(self._read(self._reader.bool, name, default))

    def number(self, name: str, default: int, *, at_least: int = 0, at_most: int | None = None) -> int:
        value = int(self._read(self._reader.int, name, default))
        if value < at_least:
            self.problems.append((name, f"must be {at_least} or more, not {value}"))
            return default
        if at_most is not None and value > at_most:
            self.problems.append((name, f"must be {at_most} or less, not {value}"))
            return default
        return value

    def choice(self, name: str, default: str, known: Collection[str]) -> str:
        """Return one of the names in `known`, in upper case."""
        value = self.text(name, default).upper()
        if value not in known:
            self.problems.append((name, f"must be one of {', '.join(sorted(known))}, not {value}"))
            return default
        return value

    def names(self, name: str, default: list[str] | None = None) -> list[str]:
        """Return the items of a comma-separated list, stripped and without empty ones."""
        items: list[str] = self._read(self._reader.list, name, default or [])
        return [item.strip() for item in items if item.strip()]

    def networks(self, name: str) -> list[IPv4Network | IPv6Network]:
        """Return a list of IP addresses and networks, such as `10.1.2.3,fd00::/8`."""
        found = []
        for item in self.names(name):
            try:
                found.append(ip_network(item, strict=False))
            except ValueError:
                self.problems.append((name, f"{item} is neither an IP address nor a network such as 10.0.0.0/8"))
        return found

    def _read(self, parse: Callable[..., Any], name: str, default: Any) -> Any:
        try:
            return parse(name, default)
        except (EnvError, ValueError) as error:
            self.problems.append((name, str(error)))
            return default
