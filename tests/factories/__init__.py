"""The cast and their things, built by factory_boy: one module an app, and `FACTORIES` by model."""

from tests.factories.analytics import *  # noqa: F403
from tests.factories.billing import *  # noqa: F403
from tests.factories.career import *  # noqa: F403
from tests.factories.finance import *  # noqa: F403
from tests.factories.health import *  # noqa: F403
from tests.factories.kit import *  # noqa: F403
from tests.factories.system import *  # noqa: F403
from tests.factories.users import *  # noqa: F403

FACTORIES = {
    found._meta.model: found for found in list(vars().values()) if hasattr(found, "_meta") and hasattr(found, "create_batch")
}
