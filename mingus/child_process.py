"""Processes that end with their parent, even if the parent is killed.

`python -m mingus.child_process PARENT ARGUMENTS` runs a program as `python ARGUMENTS` does, and ends it with its parent PARENT.
Without this, the children of a killed process would continue to run and keep the port, so that no restart could succeed.
"""

import ctypes
import os
import runpy
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.5


def end_with_parent(parent: int) -> None:
    """Kill this process as soon as its parent ends. `parent` is the process ID of the parent that started this process.

    SIGKILL also ends a process that hangs. Nothing is lost: every write is a transaction, and a job is retried.
    """
    if sys.platform == "linux":
        # The kernel sends the signal when the thread that started this process ends. Thus only main threads may start processes
        if ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0):
            raise OSError("This process can't be tied to its parent: prctl failed.")
    else:
        threading.Thread(target=_wait_for_end_of, args=(parent,), daemon=True).start()
    if os.getppid() != parent:  # it has ended before this function was called
        os.kill(os.getpid(), signal.SIGKILL)


def _wait_for_end_of(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(POLL_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


def main(parent: str, *arguments: str) -> None:
    """Run a program in this process: `-m module …` or `path …`."""
    end_with_parent(int(parent))
    if arguments[0] == "-m":
        sys.argv = list(arguments[1:])
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = list(arguments)
        runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
