"""The settings of Python's garbage collector in a process that serves requests."""

import gc

# Python's defaults are 700, 10 and 10. A request leaves some hundred objects in cycles, so that every second one would pay for
# a search, and every twentieth for a longer one.
THRESHOLDS = 20_000, 20, 10


def freeze_loaded_objects() -> None:
    """Exempt what is loaded now, which is permanent, from garbage collection: it is not searched, and not copied by a fork."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
