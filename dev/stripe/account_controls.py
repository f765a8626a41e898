"""The part of the emulator's client that is about the account as a whole."""

from typing import Any, Protocol


class Commands(Protocol):
    """A client that sends commands of `control_api`."""

    def send_command(self, command: str, **given: Any) -> Any: ...


class AccountControls:
    """Another app in the account, the key's mode, thin events, strange values and checks of objects."""

    def copy_customers(self: Commands, mark: str, copies: dict[str, dict[str, str]]) -> int:
        """Copy everything about the account's customers, for each suffix of the ids, which has a mark, with words to replace.

        Return the number of objects.
        """
        given = [{"suffix": suffix, "words": words} for suffix, words in copies.items()]
        return int(self.send_command("copy_customers", mark=mark, copies=given)["objects"])

    def alter(self: Commands, name: str, fields: dict[str, Any]) -> None:
        """Show fields of an object, such as `items.data.0.price`, with any value, also one that Stripe does not send."""
        self.send_command("alter", id=name, fields=fields)

    def add_foreign_app(self: Commands, customer: str | None = None) -> dict[str, str]:
        """Add another app's objects to the account, by default with a customer of its own, and return their ids by kind."""
        return dict(self.send_command("foreign_app", customer=customer))

    def use_other_mode(self: Commands, on: bool = True) -> None:
        """Serve requests as for a key of the other mode, for which no object exists."""
        self.send_command("other_mode", on=on)

    def send_thin_event(self: Commands, kind: str, related: dict[str, str]) -> str:
        """Send a thin event about an object (id, type, url) to every endpoint, and return its id."""
        return str(self.send_command("thin_event", type=kind, related=related)["id"])

    def check_objects(self: Commands, on: bool = True) -> list[str]:
        """Check all following responses against the library's annotations. Return the errors since the last call."""
        return list(self.send_command("check_objects", on=on)["errors"])
