"""Masks in place of hidden values. They can be shown, but an expression that uses one is an error.

The result of a comparison or calculation with a mask would be wrong, or reveal the value. With `MASKED_VALUES_RAISE`, as in
tests, such an expression raises MaskedValueError. Otherwise a column or property that contains one shows the mask
(`or_mask`), and in other code the expression has a neutral result, so that no page fails. Both are logged.
"""

import logging
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.conf import settings

from core.privacy.masks import MASK

# beside MaskedValueError the errors of code in C, such as Decimal(mask) and "%d" % mask, and of attributes that a mask lacks
ERRORS_OF_USE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
SAME = object()  # as the neutral result of an expression: the mask itself
logger = logging.getLogger(__name__)
_is_calculating: ContextVar[bool] = ContextVar("mingus_is_calculating_masked", default=False)


class MaskedValueError(TypeError):
    """An expression that uses a masked value. A property of the model may use the value; its result is then hidden."""


class MaskedAttributeError(MaskedValueError, AttributeError):
    """An attribute of a masked value, such as `date.year`."""


def _expression(name: str, neutral: object = SAME) -> Callable[..., Any]:
    """Return an operator of masks, which raises MaskedValueError or has the `neutral` result."""

    def operator(self: "MaskedText", *operands: object) -> object:
        error = MaskedValueError(f"A masked value can't be used in an expression ({name}). Use a property of the model.")
        if settings.MASKED_VALUES_RAISE or _is_calculating.get():
            raise error
        logger.error("%s", error, stack_info=True)
        return self if neutral is SAME else neutral

    return operator


class MaskedText(str):
    """A masked text. It is as empty as the text, and can be cut and concatenated to be shown, but not compared."""

    __slots__ = ()
    __lt__ = __le__ = __gt__ = __ge__ = _expression("<, >", neutral=False)
    __contains__ = _expression("in", neutral=False)
    _is_equal = _expression("==", neutral=False)
    _formatted = _expression("format")
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        """Return False for an empty value, which is never masked; Django compares with empty values everywhere."""
        is_empty = other is None or (isinstance(other, str | list | tuple | dict) and len(other) == 0)
        return self is other or (not is_empty and bool(self._is_equal(other)))

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __format__(self, specification: str) -> str:
        return str.__str__(self) if not specification else str.__str__(self._formatted(specification))


class Hidden(MaskedText):
    """A mask in place of a number, date or other value. Text that is concatenated to it, such as a unit, is dropped."""

    __slots__ = ()
    __bool__ = _expression("truth", neutral=True)
    __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = _expression("-, *, /")
    __mod__ = _arithmetic = __pow__ = __rpow__ = __neg__ = __pos__ = __abs__ = __round__ = _expression("arithmetic")
    __and__ = __rand__ = __or__ = __ror__ = __invert__ = _expression("&, |")
    __iter__ = _expression("for", neutral=())
    __len__ = _expression("len()", neutral=0)
    __int__ = __index__ = _expression("int()", neutral=0)
    __float__ = _expression("float()", neutral=0.0)
    __contains__ = str.__contains__  # only Django's format of numbers looks for text in it

    def __str__(self) -> str:
        return self

    def __add__(self, other: object) -> Any:
        return self if isinstance(other, str) else self._arithmetic(other)

    __radd__ = __add__

    def __rmod__(self, other: object) -> Any:
        """Format it as text; Python calls this for `"%s" % mask`, too."""
        return other % (str.__str__(self),) if isinstance(other, str) else self._arithmetic(other)

    def __getattr__(self, name: str) -> Any:
        raise MaskedAttributeError(f"A masked value has no attribute {name}.")


class HiddenFlag(Hidden):
    """A mask in place of True or False, whose icon is that of an unknown value."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return other is None or other == "" or super().__eq__(other)


def or_mask(calculate: Callable[[], Any], name: str) -> Any:
    """Return the result of a calculation for a masked row, or the mask if it fails because it uses a masked value."""
    token = _is_calculating.set(True)
    try:
        return calculate()
    except ERRORS_OF_USE:
        if settings.MASKED_VALUES_RAISE:
            raise
        logger.exception("%s uses a masked value.", name)
        return Hidden(MASK)
    finally:
        _is_calculating.reset(token)


def as_shown(value: Any) -> Any:
    """Return a value for a template that tests it: a mask as plain text, and that of True or False as None (unknown)."""
    if isinstance(value, HiddenFlag):
        return None
    return str.__str__(value) if isinstance(value, MaskedText) else value
