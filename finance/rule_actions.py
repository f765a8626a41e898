"""The types of a rule's actions, and what they must obey beside the constraints of the database."""

import re
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models


class ActionType(models.TextChoices):
    SET_CATEGORY = "set_category"
    SET_PAYEE = "set_payee"
    ADD_TAG = "add_tag"
    REMOVE_TAG = "remove_tag"
    SET_NOTE = "set_note"
    SPLIT = "split"
    MARK_TRANSFER = "mark_transfer"


ONCE = (ActionType.SET_CATEGORY, ActionType.SET_PAYEE, ActionType.SET_NOTE, ActionType.SPLIT, ActionType.MARK_TRANSFER)
NOT_WITH_SPLIT = (ActionType.SET_CATEGORY, ActionType.MARK_TRANSFER)
SIZE = re.compile(r"\d{1,13}(\.\d{1,4})?", re.ASCII)
PART = {"percent", "amount", "category", "note", "tags"}
TWICE = "{} can be used once in a rule."
SAME_TAG = "Each tag can be added or removed once in a rule."
NOT_TOGETHER = "A rule with split can't have {}: a split transaction has no category of its own, and is no transfer."
INVALID_ACTION = "Each action has a type and a value."
INVALID_PART = "Each part of a split has percent or amount, category, note and tags."
LAST_PART = "The last part of a split takes the rest. Leave out its percent and amount."
ONE_SIZE = "Part {} of the split needs either a percent or an amount, above 0 and without a sign."
WHOLE = "The parts of a split must leave something for the last one: use less than 100 percent."


def check_actions(actions: Sequence[dict[str, Any]]) -> None:
    """Raise ValidationError at `actions` if two of them contradict each other, or the parts of a split do not make a whole.

    The result of a rule then does not depend on the order of its actions.
    """
    problem = next(iter(_problems(actions)), None)
    if problem:
        raise ValidationError({"actions": ValidationError(problem[1], problem[0])})


def _problems(actions: Sequence[Any]) -> list[tuple[str, str]]:
    if not all(isinstance(action, dict) and set(action) == {"type", "value"} for action in actions):
        return [("invalid", INVALID_ACTION)]
    kinds = Counter(action["type"] for action in actions)
    tags = Counter(str(action["value"]) for action in actions if action["type"] in (ActionType.ADD_TAG, ActionType.REMOVE_TAG))
    found = [("repeated", TWICE.format(kind)) for kind in ONCE if kinds[kind] > 1]
    found += [("repeated", SAME_TAG) for times in tags.values() if times > 1]
    if ActionType.SPLIT in kinds:
        found += [("conflicting", NOT_TOGETHER.format(kind)) for kind in NOT_WITH_SPLIT if kind in kinds]
    for action in actions:
        if action["type"] == ActionType.SPLIT:
            found += _problems_of_parts(action["value"])
    return found


def _problems_of_parts(parts: Any) -> list[tuple[str, str]]:
    if not isinstance(parts, list) or not parts or not all(isinstance(part, dict) and set(part) == PART for part in parts):
        return [("invalid", INVALID_PART)]
    *sized, last = parts
    if last["percent"] is not None or last["amount"] is not None:
        return [("last_part", LAST_PART)]
    for number, part in enumerate(sized, 1):
        sizes = [part[name] for name in ("percent", "amount") if part[name] is not None]
        if len(sizes) != 1 or not SIZE.fullmatch(str(sizes[0])) or Decimal(sizes[0]) <= 0:
            return [("part_size", ONE_SIZE.format(number))]
    total = sum((Decimal(part["percent"]) for part in sized if part["percent"] is not None), Decimal(0))
    return [("whole", WHOLE)] if total >= 100 else []
