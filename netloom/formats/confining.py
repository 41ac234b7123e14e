"""Limits of a process, and its way out of the network; as a program it starts another one so.

`python confining.py PROGRAM ARGUMENTS...` runs PROGRAM within the usual limits. It is started by
its path, from any environment, and uses nothing but the standard library.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from collections.abc import Sequence

MEMORY_BYTES = 8 * 2**30
WRITTEN_BYTES = 16 * 2**30
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000


def limit(memory_bytes: int, written_bytes: int, seconds: int) -> None:
    """Have the system end this process rather than let it take more."""
    limit_sizes(memory_bytes, written_bytes)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))


def limit_sizes(memory_bytes: int, written_bytes: int) -> None:
    """Limit memory and files alone, and never to more than what is allowed already."""
    # Not the address space: libraries reserve far more of it than they use.
    for what, wanted in (
        (resource.RLIMIT_DATA, memory_bytes),
        (resource.RLIMIT_FSIZE, written_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        _, most = resource.getrlimit(what)
        allowed = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(what, (allowed, allowed))


def leave_network() -> bool:
    """Move into a network of its own, in which nobody else is; False where that is not allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    return hasattr(libc, "unshare") and libc.unshare(_NEW_USER | _NEW_NETWORK) == 0


def main(arguments: Sequence[str]) -> None:
    """Become another program, confined."""
    limit_sizes(MEMORY_BYTES, WRITTEN_BYTES)
    leave_network()
    os.execvp(arguments[0], list(arguments))  # noqa: S606 - a list of arguments, no shell


if __name__ == "__main__":
    main(sys.argv[1:])
