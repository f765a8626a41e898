"""Progress of a goal from its start value to its target value."""

from decimal import Decimal


def percent(*, start: Decimal | None, current: Decimal | None, target: Decimal | None) -> int:
    """Return the progress in percent, rounded down and limited to 0 to 100. A missing start counts as 0.

    It also works for decreasing goals: from 8 to 3, a value of 5.5 is 50 %. Without a target or a current value it is 0.
    If start and target are equal, it is 100 at exactly this value and 0 otherwise.
    """
    if current is None or target is None:
        return 0
    origin = Decimal(0) if start is None else start
    if target == origin:
        return 100 if current == target else 0
    done = int(100 * (current - origin) / (target - origin))
    return min(max(done, 0), 100)
