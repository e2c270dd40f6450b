"""Become another program that ends with the one that started it, even when that was killed.

Run as a script: ``tied.py <parent's pid> <program> <argument>…``. It imports nothing of ours, so it
costs a few milliseconds.
"""

import contextlib
import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, program, *arguments = sys.argv[1:]
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(parent):  # it died before we asked
        sys.exit(1)
    os.execvp(program, [program, *arguments])  # noqa: S606 -- a list, no shell


if __name__ == "__main__":
    main()
