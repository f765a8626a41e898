"""Development settings of processes whose clock follows a file: `SHIFT_FILE` contains the seconds by which it is wrong.

The clock of the database server stays right. That is the harder case: on one machine both would be wrong together.
"""

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine

from dev.settings import *  # noqa: F403 - all settings


def follow(path: Path) -> None:
    """Set the clock of this process again when the file changes."""
    traveler, shift = None, 0.0
    while True:
        time.sleep(0.2)
        wanted = float(path.read_text() or shift)
        if wanted != shift:
            if traveler is not None:
                traveler.stop()
            traveler, shift = time_machine.travel(datetime.now(UTC) + timedelta(seconds=wanted)), wanted
            traveler.start()


if "SHIFT_FILE" in os.environ:
    threading.Thread(target=follow, args=[Path(os.environ["SHIFT_FILE"])], daemon=True).start()
