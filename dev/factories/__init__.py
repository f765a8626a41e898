"""Factories of every model, one module an app, and the registry `FACTORIES` by model.

Star imports export each factory, so that a new one is in the registry without a line here.
"""

from typing import Any

from factory.django import DjangoModelFactory

from dev.factories.analytics import *  # noqa: F403
from dev.factories.billing import *  # noqa: F403
from dev.factories.career import *  # noqa: F403
from dev.factories.core import *  # noqa: F403
from dev.factories.finance import *  # noqa: F403
from dev.factories.health import *  # noqa: F403
from dev.factories.system import *  # noqa: F403
from dev.factories.users import *  # noqa: F403

FACTORIES: dict[Any, Any] = {
    found._meta.model: found
    for found in list(vars().values())
    if isinstance(found, type) and issubclass(found, DjangoModelFactory) and not found._meta.abstract
}
