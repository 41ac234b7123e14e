"""What was looked at on a machine, and how programs of it are asked."""

from __future__ import annotations

import shutil
import subprocess
from typing import Literal

from pydantic import BaseModel, ConfigDict

Status = Literal["ok", "warning", "error"]
GIB = 2**30
_PROBE_TIMEOUT_S = 10


class Finding(BaseModel):
    """One thing that was looked at.

    Attributes:
        found: What is there.
        advice: What to do about it; empty when nothing needs doing.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    status: Status
    found: str
    advice: str = ""


def ask_program(*command: str) -> str:
    """Return what a program prints; empty when it is not there or fails."""
    program = shutil.which(command[0])
    if program is None:
        return ""
    try:
        done = subprocess.run(
            [program, *command[1:]], capture_output=True, text=True, timeout=_PROBE_TIMEOUT_S,
            check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
