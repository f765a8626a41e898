"""How far a goal has come, from where it began to where it is to end."""

from decimal import Decimal


def percent(*, start: Decimal | None, current: Decimal | None, target: Decimal | None) -> int:
    """The way done in percent, rounded down and kept within 0 and 100; an absent start is 0.

    It works for goals that go down: stress from 8 to 3 is half way at 5.5. Without a target or a present value nothing can be
    measured, which is 0. A goal that was to stay where it began is reached only there.
    """
    if current is None or target is None:
        return 0
    origin = Decimal(0) if start is None else start
    if target == origin:
        return 100 if current == target else 0
    done = int(100 * (current - origin) / (target - origin))
    return min(max(done, 0), 100)
