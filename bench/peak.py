"""The most memory that a process of its own held."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_WATCHER = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:])
_, status, used = os.wait4(process.pid, 0)
print(used.ru_maxrss * (1024 if sys.platform == "linux" else 1))
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""Starts the process: one begins with the peak of whoever started it, and ours may be high."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a process.

    Attributes:
        lines: What it wrote.
    """

    peak_bytes: int
    lines: list[str]
    status: int


def run_watched(command: Sequence[str], environment: Mapping[str, str] = os.environ) -> Ended:
    """Run a command to its end."""
    done = subprocess.run(
        [sys.executable, "-c", _WATCHER, *command],
        stdout=subprocess.PIPE, text=True, env=dict(environment), check=False,
    )  # fmt: skip
    *lines, peak = done.stdout.splitlines()
    return Ended(int(peak), lines, done.returncode)
