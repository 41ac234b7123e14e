"""A PostgreSQL for the tests that need one: there already, or from Debian's packages."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from config.setup.stamps import SetupProblem, say

DEBIAN_BINARIES = Path("/usr/lib/postgresql")


def ensure_postgres() -> None:
    """Get PostgreSQL's programs unless they are there."""
    if find_postgres():
        return
    is_debian = Path("/etc/debian_version").exists() and shutil.which("apt-get")
    if is_debian and os.geteuid() == 0:
        say("Installing PostgreSQL from Debian's packages for the tests")
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-qq", "-y", "--no-install-recommends", "postgresql"],
        ):
            subprocess.run(command, env=quiet, check=False, stdout=subprocess.DEVNULL)
        if find_postgres():
            return
    raise SetupProblem(
        "There is no PostgreSQL for the tests. Install its server so that `initdb` and `postgres`"
        " are on PATH (Debian: apt-get install postgresql)."
    )


def find_postgres() -> Path | None:
    """The folder with `initdb` and `postgres`: Debian's newest, else the one on PATH."""
    found = [folder / "bin" for folder in DEBIAN_BINARIES.glob("[0-9]*")]
    newest = sorted(found, key=lambda folder: int(folder.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    candidates = [*newest, *([Path(on_path).resolve().parent] if on_path else [])]
    return next((folder for folder in candidates if (folder / "initdb").exists()), None)
