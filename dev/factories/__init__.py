"""Factories of every model, one module per app, and the registry `FACTORIES` by model.

The star imports add each new factory to the registry.
"""

from typing import Any

from factory.django import DjangoModelFactory

from dev.factories.analytics import *  # noqa: F403
from dev.factories.billing import *  # noqa: F403
from dev.factories.career import *  # noqa: F403
from dev.factories.core import *  # noqa: F403
from dev.factories.finance import *  # noqa: F403
from dev.factories.health import *  # noqa: F403
from dev.factories.ledger import *  # noqa: F403
from dev.factories.system import *  # noqa: F403
from dev.factories.users import *  # noqa: F403

FACTORIES: dict[Any, Any] = {
    factory_class._meta.model: factory_class
    for factory_class in list(vars().values())
    if isinstance(factory_class, type) and issubclass(factory_class, DjangoModelFactory) and not factory_class._meta.abstract
}
