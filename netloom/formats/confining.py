"""Limits of a process, its way out of the network and its files; as a program it starts another so.

`python confining.py PROGRAM ARGUMENTS...` runs PROGRAM within the usual limits, or narrower ones:
options before it say which. With `--reads` or `--writes` it opens nothing but what they name and
the libraries of the system, where that has Landlock (https://docs.kernel.org/userspace-api/landlock.html,
Linux from 5.13 on). It ends with the process that started it. It is started by its path, from any
environment, and uses nothing but the standard library.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import resource
import stat
import sys
from collections.abc import Iterable, Sequence

MEMORY_BYTES = 8 * 2**30
WRITTEN_BYTES = 16 * 2**30
_NEW_USER, _NEW_PROCESSES, _NEW_NETWORK = 0x10000000, 0x20000000, 0x40000000
_MOST_THREADS = 1024
"""Of all processes that a file of Python starts; systems before Linux 5.14 count the account's."""
_SET_SIGNAL_OF_PARENTS_DEATH, _SET_NO_NEW_PRIVILEGES, _KILL = 1, 38, 9
_OF_THE_SYSTEM = (
    "/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/localtime",
    "/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat",
    "/sys/devices/system", "/sys/fs/cgroup", "/dev/urandom", "/dev/random", "/dev/zero",
)  # fmt: skip
"""Libraries, and what they ask of the machine; no settings, no data, nobody's home."""
_BIT_BUCKET = "/dev/null"
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION, _BENEATH_A_PATH = 1, 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_FOLDER = 1, 2, 4, 8
_REFER, _TRUNCATE, _DEVICES = 1 << 13, 1 << 14, 1 << 15
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _DEVICES
_READING = _EXECUTE | _READ_FILE | _READ_FOLDER
_TCP, _ABSTRACT_SOCKETS_AND_SIGNALS = 3, 3
_BY_VERSION = ((1, (1 << 13) - 1), (2, _REFER), (3, _TRUNCATE), (5, _DEVICES))
"""Which rights each version of Landlock knows first."""


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
    return _leave(_NEW_USER | _NEW_NETWORK)


def live_apart() -> bool:
    """Go on in a new process without network that takes whatever it has started with it.

    What forks away from its parent, group and session would outlive a process; it does not outlive
    the first one in a numbering of its own, which is what comes back from here. The process that
    called waits for that one, and ends as it does. To be called before there are threads.

    Returns:
        False where that is not allowed, in the process that called.
    """
    if not _leave(_NEW_USER | _NEW_NETWORK | _NEW_PROCESSES):
        return False
    started = os.fork()
    if started:
        _, ended = os.waitpid(started, 0)
        status = os.waitstatus_to_exitcode(ended)
        if status < 0:
            os.kill(os.getpid(), -status)
        os._exit(status)
    _end_with_parent()
    _lower(resource.RLIMIT_NPROC, _MOST_THREADS, _MOST_THREADS)
    return True


def _leave(what: int) -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    return hasattr(libc, "unshare") and libc.unshare(what) == 0


def landlock_version() -> int:
    """Return which Landlock this system has; 0 for none."""
    if sys.platform != "linux":
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    found = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)
    return max(0, int(found))


def leave_files(reads: Iterable[str], writes: Iterable[str]) -> bool:
    """Open nothing from here on but what is named; False where the system has no Landlock.

    Files that are open stay so, and whether a place exists can still be asked.

    Args:
        reads: Files, and folders with all that is in them, beside the libraries of the system.
        writes: Folders in which everything can be done but running programs.

    Raises:
        OSError: The system has Landlock, and refuses.
    """
    version = landlock_version()
    if version == 0:
        return False
    all_rights = sum(rights for since, rights in _BY_VERSION if version >= since)
    asked = [all_rights, _TCP if version >= 4 else 0]
    if version >= 6:
        asked.append(_ABSTRACT_SOCKETS_AND_SIGNALS)
    numbers = (ctypes.c_uint64 * len(asked))(*asked)
    rules = _system_call(_CREATE_RULESET, numbers, ctypes.c_size_t(ctypes.sizeof(numbers)), 0)
    for path in (*_OF_THE_SYSTEM, *reads):
        _allow(rules, path, _READING & all_rights)
    for path in writes:
        _allow(rules, path, all_rights & ~_EXECUTE)
    _allow(rules, _BIT_BUCKET, (_READ_FILE | _WRITE_FILE | _TRUNCATE) & all_rights)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        raise _refusal()
    _system_call(_RESTRICT_SELF, rules, 0)
    os.close(rules)
    return True


def _allow(rules: int, path: str, rights: int) -> None:
    """Add a rule for a place; one that is not there needs none."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= _FILE_RIGHTS
        # struct landlock_path_beneath_attr is packed: 64 bits of rights, 32 of the place.
        rule = rights.to_bytes(8, sys.byteorder) + place.to_bytes(4, sys.byteorder)
        _system_call(_ADD_RULE, rules, _BENEATH_A_PATH, ctypes.c_char_p(rule), 0)
    finally:
        os.close(place)


def _system_call(number: int, *arguments: object) -> int:
    found = ctypes.CDLL(None, use_errno=True).syscall(number, *arguments)
    if found < 0:
        raise _refusal()
    return int(found)


def _refusal() -> OSError:
    return OSError(ctypes.get_errno(), "error: Landlock refuses to confine this process")


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
    for name in ("--reads", "--writes"):
        parser.add_argument(name, action="append", default=[], metavar="PATH")
    parser.add_argument("program", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)
    program: list[str] = options.program
    if options.seconds is None:
        limit_sizes(options.memory_bytes, options.written_bytes)
    else:
        limit(options.memory_bytes, options.written_bytes, options.seconds)
    leave_network()
    _end_with_parent()
    if options.reads or options.writes:
        leave_files(options.reads, options.writes)
    os.execvp(program[0], program)  # noqa: S606 - a list of arguments, no shell


if __name__ == "__main__":
    main(sys.argv[1:])
