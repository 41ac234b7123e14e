"""Limits of a process, and its way out of the network; as a program it starts another one so.

`python confining.py PROGRAM ARGUMENTS...` runs PROGRAM within the usual limits, or narrower ones:
options before it say which. It ends with the process that started it. It is started by its path,
from any environment, and uses nothing but the standard library.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import resource
import sys
from collections.abc import Sequence

MEMORY_BYTES = 8 * 2**30
WRITTEN_BYTES = 16 * 2**30
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
_SET_SIGNAL_OF_PARENTS_DEATH, _KILL = 1, 9


def limit(memory_bytes: int, written_bytes: int, seconds: int) -> None:
    """Have the system end this process rather than let it take more; `seconds` of processors."""
    limit_sizes(memory_bytes, written_bytes)
    # It is told at the first of the two, and ended at the second.
    _lower(resource.RLIMIT_CPU, seconds, seconds + 5)


def limit_sizes(memory_bytes: int, written_bytes: int) -> None:
    """Limit memory and files alone, and never to more than what is allowed already."""
    # Not the address space: libraries reserve far more of it than they use.
    _lower(resource.RLIMIT_DATA, memory_bytes, memory_bytes)
    _lower(resource.RLIMIT_FSIZE, written_bytes, written_bytes)
    _lower(resource.RLIMIT_CORE, 0, 0)


def _lower(what: int, soft: int, hard: int) -> None:
    _, most = resource.getrlimit(what)
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard, most)
    resource.setrlimit(what, (soft, hard))


def leave_network() -> bool:
    """Move into a network of its own, in which nobody else is; False where that is not allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    return hasattr(libc, "unshare") and libc.unshare(_NEW_USER | _NEW_NETWORK) == 0


def _end_with_parent() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "prctl"):
        libc.prctl(_SET_SIGNAL_OF_PARENTS_DEATH, _KILL)


def main(arguments: Sequence[str]) -> None:
    """Become another program, confined."""
    parser = argparse.ArgumentParser(prog="confining.py")
    parser.add_argument("--memory-bytes", type=int, default=MEMORY_BYTES)
    parser.add_argument("--written-bytes", type=int, default=WRITTEN_BYTES)
    parser.add_argument("--seconds", type=int, help="of processors; as many as it takes without")
    parser.add_argument("program", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)
    program: list[str] = options.program
    if options.seconds is None:
        limit_sizes(options.memory_bytes, options.written_bytes)
    else:
        limit(options.memory_bytes, options.written_bytes, options.seconds)
    leave_network()
    _end_with_parent()
    os.execvp(program[0], program)  # noqa: S606 - a list of arguments, no shell


if __name__ == "__main__":
    main(sys.argv[1:])
