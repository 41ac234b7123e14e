"""How a throwaway process says how far it is: JSON lines, in a pipe that is for nothing else.

What libraries and people's files print goes to the standard output, which is nobody's protocol.
Without a pipe, as on the command line, the lines go there too.
"""

from __future__ import annotations

import json
import os
import sys
from typing import IO

MOST_TEXT = 2000
"""Letters of a text; a line is then shorter than what whoever listens takes."""
BAD_NEWS = 1
"""Exit status of a process that said why it gave up."""
_pipes: list[IO[str]] = []


def tell_through(descriptor: int | None) -> None:
    """Tell everything through a pipe from now on.

    Args:
        descriptor: Its number; None for the standard output.
    """
    _pipes.clear()
    if descriptor is not None:
        os.set_inheritable(descriptor, False)
        _pipes.append(os.fdopen(descriptor, "w", encoding="utf-8"))


def tell(fraction: float | None, text: str) -> None:
    """Say how far it is."""
    _say({"progress": fraction, "text": text[:MOST_TEXT]})


def refuse(code: str, text: str) -> int:
    """Say why it cannot be done; returns the exit status of the process."""
    _say({"refused": code, "text": text[:MOST_TEXT]})
    return BAD_NEWS


def _say(line: dict[str, object]) -> None:
    to = _pipes[0] if _pipes else sys.stdout
    to.write(f"{json.dumps(line)}\n")
    to.flush()
