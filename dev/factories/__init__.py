"""The cast and their things, built by factory_boy: one module an app, and `FACTORIES` by model."""

from dev.factories.analytics import *  # noqa: F403
from dev.factories.billing import *  # noqa: F403
from dev.factories.career import *  # noqa: F403
from dev.factories.core import *  # noqa: F403
from dev.factories.finance import *  # noqa: F403
from dev.factories.health import *  # noqa: F403
from dev.factories.system import *  # noqa: F403
from dev.factories.users import *  # noqa: F403

FACTORIES = {
    found._meta.model: found for found in list(vars().values()) if hasattr(found, "_meta") and hasattr(found, "create_batch")
}
