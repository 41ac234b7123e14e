"""Before anything starts: the folders, the disk, the port, and that nobody else is here."""

from __future__ import annotations

import errno
import fcntl
import os
import shlex
import shutil
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from config.launcher.problem import LaunchProblem

MEGABYTE = 1024 * 1024
NEEDED_MB = 200
BACKLOG = 1024


def prepare_data_folder(folder: Path) -> None:
    """Make the data folder and try to write to it."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = folder / f".probe-{os.getpid()}"
        probe.write_bytes(b"\0" * 4096)
        probe.unlink()
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise LaunchProblem(_full(folder)) from None
        raise LaunchProblem(
            f"The data folder {folder} cannot be written ({error.strerror}). Change its"
            " permissions, or choose another with NETLOOM_DATA."
        ) from None
    if shutil.disk_usage(folder).free < NEEDED_MB * MEGABYTE:
        raise LaunchProblem(_full(folder))


def unusable_import_roots(roots: Sequence[Path]) -> Iterator[str]:
    """Say which folders of NETLOOM_IMPORT_ROOTS nobody can bring anything in from, and why."""
    for root in roots:
        if not os.path.exists(root):  # noqa: PTH110 - False, not an error, where nobody may look
            reason, advice = "does not exist", f"Make it (mkdir -p {shlex.quote(str(root))})"
        elif not root.is_dir():
            reason, advice = "is not a folder", "Name a folder"
        elif not os.access(root, os.R_OK | os.X_OK):
            reason, advice = "cannot be read by the studio's user", "Change its permissions"
        else:
            continue
        yield f"The import root {root} {reason}. {advice}, or correct NETLOOM_IMPORT_ROOTS."


@contextmanager
def only_launcher(folder: Path) -> Iterator[None]:
    """Hold the lock on the data folder; the system lets go of it however this process ends."""
    path = folder / "launcher.lock"
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise LaunchProblem(
                f"A studio is already running on {folder} (process {holder}). Use that one, stop"
                " it, or choose another folder with NETLOOM_DATA."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def listen(host: str, port: int) -> socket.socket:
    """Open the address people reach the studio at; port 0 becomes one the system has free.

    The launcher keeps it open and hands it to the web processes, so that whoever comes while one
    of them is started again waits a moment instead of being turned away.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((host.strip("[]"), port))
        opened.listen(BACKLOG)
    except OSError as error:
        opened.close()
        raise LaunchProblem(_port_problem(host, port, error)) from None
    opened.setblocking(False)
    return opened


def free_port(host: str, port: int) -> int:
    """The port that `listen` would get, for a process that opens it itself."""
    with listen(host, port) as probe:
        return int(probe.getsockname()[1])


def _port_problem(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is taken by another program. Stop it, or choose another with"
            f" NETLOOM_PORT, for example NETLOOM_PORT={port + 1}."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} needs administrator rights. Choose one above 1023 with NETLOOM_PORT."
    return f"The studio cannot listen on {host}:{port} ({error.strerror}). Change NETLOOM_HOST."


def _full(folder: Path) -> str:
    return (
        f"The disk of {folder} is full: the studio needs {NEEDED_MB} MB to start. Free some, or"
        " choose another folder with NETLOOM_DATA."
    )
