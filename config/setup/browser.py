"""A Chromium for the browser tests: on PATH, from Debian's packages, or Playwright's own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from config.setup.packages import PYTHON
from config.setup.stamps import SetupProblem, say

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def ensure_browser() -> None:
    """Get a browser unless there is one."""
    if find_chromium() or _playwrights_own():
        return
    is_debian = Path("/etc/debian_version").exists() and shutil.which("apt-get")
    if is_debian and os.geteuid() == 0:
        say("Installing Chromium from Debian's packages for the browser tests")
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-qq", "-y", "--no-install-recommends", "chromium"],
        ):
            subprocess.run(command, env=quiet, check=False, stdout=subprocess.DEVNULL)
        if find_chromium():
            return
    say("Getting Playwright's Chromium for the browser tests")
    done = subprocess.run([str(PYTHON), "-m", "playwright", "install", "chromium"], check=False)
    if done.returncode != 0:
        raise SetupProblem(
            "There is no browser for the tests. Install Chromium so that `chromium` is on PATH."
        )


def find_chromium() -> str | None:
    """A Chromium or Chrome on PATH."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


def _playwrights_own() -> bool:
    base = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    folder = Path(base) if base else Path.home() / ".cache" / "ms-playwright"
    return any(folder.glob("chromium*-*/*/*chrom*")) or any(folder.glob("chromium*-*/*/*shell*"))
