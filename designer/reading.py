"""Opening a file in a throwaway process, which knows nothing of this studio."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings

from common.errors import Code
from designer.throwaway import Progress, Work, do_work

NEXT_STEP = "Choose another file of the network, or write it again where it was trained."
AS_SAID = "Then import the new file here."
"""The reason of a refusal ends with what to do."""


def read_file(
    path: Path,
    folder: Path,
    *,
    name: str,
    progress: Progress,
    stopped: threading.Event,
    beside: Sequence[Path] = (),
) -> None:
    """Have a file opened; afterwards `folder` holds what the process wrote, which is hostile too.

    Args:
        name: What people call the file.
        progress: Called now and then from this thread; it may raise to end the reading.
        stopped: Set to end it.
        beside: Other files of the same network.

    Raises:
        Problem: `import_failed` with what is wrong with the file, `out_of_memory`, `job_crashed`.
    """
    arguments = [str(path), str(folder), f"--name={name}"]
    arguments += [f"--beside={each}" for each in beside]
    if settings.ENVIRONMENT.import_python:
        arguments.append("--run-python")
    follow_reader(
        "netloom.formats.reading", arguments, folder, name=name, progress=progress, stopped=stopped
    )


def follow_reader(
    module: str,
    arguments: list[str],
    folder: Path,
    *,
    name: str,
    progress: Progress,
    stopped: threading.Event,
) -> None:
    """Run a module that writes a network into a folder; see `read_file`.

    Args:
        module: Its dotted name.
        arguments: What it is told beside its limits.
    """
    work = Work(
        module=module,
        arguments=arguments,
        doing=f"Reading {name}",
        failed=Code.IMPORT_FAILED,
        too_large="Ask the operator to raise NETLOOM_IMPORT_MB, or choose a smaller file.",
        next_step=NEXT_STEP,
        refused_next=AS_SAID,
    )
    do_work(work, folder.parent, progress=progress, stopped=stopped)
