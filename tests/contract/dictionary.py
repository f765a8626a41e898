"""Reader of the data dictionary, docs/models.yaml, whose header explains its notation."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.apps import apps

PATH = Path(__file__).resolve().parents[2] / "docs" / "models.yaml"
TYPE = re.compile(r"(?P<type>\w+)(?:\((?P<size>[\w, ]+)\))?")
CHOICES = re.compile(r"\[(?P<choices>[^\]]+)\]")
DEFAULT = re.compile(r"(?<![<>!])=(?P<default>[\w./]+)")
RANGE = re.compile(r"(?<![\w.-])(?P<low>-?[\d.]+?)\.\.(?P<high>-?\d+(?:\.\d+)?)")
AT_LEAST = re.compile(r">=(?P<low>-?\d+)")
ABOVE = re.compile(r"(?<!-)>(?P<low>-?\d+)")


@dataclass(frozen=True)
class Entry:
    """One field of the dictionary."""

    model: Any
    name: str
    text: str

    @property
    def type(self) -> str:
        return self._kind["type"]

    @property
    def size(self) -> str:
        return self._kind["size"] or ""

    @property
    def _kind(self) -> re.Match[str]:
        found = TYPE.match(self.text)
        assert found
        return found

    @property
    def is_optional(self) -> bool:
        return self._rest.lstrip().startswith("?")

    @property
    def choices(self) -> list[str]:
        found = CHOICES.search(self.text)
        return found["choices"].split("|") if found else []

    @property
    def default(self) -> str | None:
        found = DEFAULT.search(self._rest.split(",")[0])
        return found["default"] if found else None

    @property
    def low(self) -> Decimal | None:
        """The smallest allowed value, or None without such a bound."""
        for pattern in (RANGE, AT_LEAST):
            if found := pattern.search(self._bounds):
                return Decimal(found["low"])
        return None

    @property
    def above(self) -> Decimal | None:
        """The exclusive lower bound, or None without one."""
        found = ABOVE.search(self._bounds)
        return Decimal(found["low"]) if found else None

    @property
    def high(self) -> Decimal | None:
        found = RANGE.search(self._bounds)
        return Decimal(found["high"]) if found else None

    @property
    def step(self) -> Decimal:
        """The smallest difference between two values."""
        return Decimal(1).scaleb(-int(self.size.split(",")[1])) if self.type == "decimal" else Decimal(1)

    @property
    def beyond(self) -> list[Decimal]:
        """The nearest values that are not allowed."""
        below = [] if self.low is None else [self.low - self.step]
        excluded = [] if self.above is None else [self.above]
        return below + excluded + ([] if self.high is None else [self.high + self.step])

    @property
    def within(self) -> list[Decimal]:
        """The outermost values that are allowed."""
        least = [] if self.low is None else [self.low]
        nearest = [] if self.above is None else [self.above + self.step]
        return least + nearest + ([] if self.high is None else [self.high])

    @property
    def _bounds(self) -> str:
        """The text with the field's own bounds, which excludes bounds inside of a JSON value."""
        return "" if self.type == "json" else self._rest.split(",")[0]

    @property
    def _rest(self) -> str:
        """The text after the type, without the choices."""
        return CHOICES.sub("", self.text[self._kind.end() :])

    def __str__(self) -> str:
        return f"{self.model.__name__}.{self.name}"


@dataclass(frozen=True)
class Contract:
    """One model of the dictionary."""

    model: Any
    route: str
    owner: str
    entries: tuple[Entry, ...]
    derived: tuple[str, ...]
    actions: tuple[str, ...]

    def __str__(self) -> str:
        return self.model.__name__


@cache
def contracts() -> tuple[Contract, ...]:
    """Return the contracts of all 24 models."""
    models_by_app = yaml.safe_load(PATH.read_text())
    return tuple(_contract(app, name, facts) for app, found in models_by_app.items() for name, facts in found.items())


def _contract(app: str, name: str, facts: dict[str, Any]) -> Contract:
    model = apps.get_model(app, name)
    entries = tuple(Entry(model, field, str(text)) for field, text in facts["fields"].items())
    owner, derived, actions = facts.get("owner", ""), facts.get("derived", ()), facts.get("actions", ())
    return Contract(model, facts["route"], owner, entries, tuple(derived), tuple(actions))
