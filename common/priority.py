"""What people wait for goes first where there is too little processor time."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

BACKGROUND = 5
"""Niceness of trainers and imports: a third of the share of what people wait for.

More would let them starve on a machine that has other work as well.
"""

_FIRST_TO_GO = 500
# The kernel takes one such change in a tenth of a second, from all people together.
_TRIES = 10
_WAIT_S = 0.11


def make_nicer(pid: int, niceness: int) -> None:
    """Lower the priority of the process `pid`, and of the session that it leads.

    Linux shares processor time among sessions first (`sched_autogroup`), and heeds niceness only
    inside one. Every process of the studio leads a session of its own, so the session is told as
    well. Where the kernel has no such groups, or somebody else's process is named, nothing happens.
    """
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, niceness)
        if os.getsid(pid) == pid:
            _make_session_nicer(Path(f"/proc/{pid}/autogroup"), niceness)


def _make_session_nicer(file: Path, niceness: int) -> None:
    for _ in range(_TRIES):
        with contextlib.suppress(BlockingIOError):
            file.write_text(str(niceness))
            return
        time.sleep(_WAIT_S)


def give_way(pid: int) -> None:
    """Let the kernel end this process first, ours and its children's, when memory runs out.

    The web process, the database and the supervisors go on, and say what has happened.
    """
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/oom_score_adj").write_text(str(_FIRST_TO_GO))
