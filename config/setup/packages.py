"""The virtual environment and the locked Python packages in it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from config.setup.stamps import REPOSITORY, STAMPS, SetupProblem, digest, once, say

VENV = REPOSITORY / ".venv"
PYTHON = VENV / "bin" / "python"
RUN_LOCK = REPOSITORY / "requirements.txt"
DEV_LOCK = REPOSITORY / "requirements-dev.txt"
PIP = [str(PYTHON), "-m", "pip", "--disable-pip-version-check"]
PIP_INSTALL = [*PIP, "install", "--quiet"]
NEEDED_BYTES = 9 * 10**9

SIZE_NOTE = (
    "Installing the locked packages: about 3 GB to download and 5.4 GB on disk, most of it"
    " PyTorch. This happens once."
)


def install_packages(lock: Path) -> None:
    """Make .venv hold what a lock file says, hashes checked."""
    _check_python()
    if not _venv_matches():
        _make_venv()
    # The development lock contains everything of the other: one stamp for both.
    if lock == RUN_LOCK and _is_current(DEV_LOCK):
        return
    once(
        _stamp_name(lock),
        [sys.version, lock, REPOSITORY / "pyproject.toml"],
        PYTHON,
        lambda: _install(lock),
    )


def pip_install_locked(lock: Path) -> None:
    """Install a small lock file with pip alone."""
    _run([*PIP_INSTALL, "--require-hashes", "-r", str(lock)])


def _check_python() -> None:
    if not (3, 11) <= sys.version_info[:2] < (3, 13):
        version = ".".join(str(part) for part in sys.version_info[:2])
        raise SetupProblem(
            f"Netloom needs Python 3.11 or 3.12; this is {version}. Install one of them, or name"
            " it: make PYTHON=/path/to/python3.12 run"
        )


def _venv_matches() -> bool:
    """True when .venv works and is of this Python."""
    if not PYTHON.exists():
        return False
    asked = subprocess.run(
        [str(PYTHON), "-c", "import pip, sys; print(sys.version)"],
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.strip() == sys.version


def _make_venv() -> None:
    say("Making the virtual environment .venv")
    for lock in (RUN_LOCK, DEV_LOCK):  # What was in the one before is not in this one.
        (STAMPS / _stamp_name(lock)).unlink(missing_ok=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise SetupProblem(
            "Python could not make a virtual environment, most likely because its venv module is"
            f" a package of its own here: apt-get install python{version}-venv\n{made.stderr}"
        )


def _install(lock: Path) -> None:
    if not _has_torch():
        if shutil.disk_usage(REPOSITORY).free < NEEDED_BYTES:
            raise SetupProblem(
                "The packages need about 9 GB of free disk while they are installed, and there"
                f" is less at {REPOSITORY}. Free some and start again."
            )
        say(SIZE_NOTE)
    else:
        say(f"Bringing the packages in .venv up to {lock.name}")
    uv_lock = STAMPS / "requirements-uv.txt"
    STAMPS.mkdir(exist_ok=True)
    uv_lock.write_text(_entry_of("uv", DEV_LOCK))
    pip_install_locked(uv_lock)
    uv = [str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--python", str(PYTHON)]
    wanted = ["--require-hashes", "-r", str(lock)]
    if subprocess.run([*uv, *wanted], env=_uv_environment(), check=False).returncode != 0:
        # uv does not read every setting of pip, such as a mirror in pip.conf.
        say("uv could not install them; trying pip, which takes longer.")
        _run([*PIP_INSTALL, *wanted])
    _run([*PIP_INSTALL, "--no-deps", "--no-build-isolation", "--editable", str(REPOSITORY)])


def _uv_environment() -> dict[str, str]:
    """pip's settings in uv's words: certificates, mirrors and folders of wheels."""
    environment = dict(os.environ)
    asked = subprocess.run([*PIP, "config", "list"], capture_output=True, text=True, check=False)
    settings: dict[str, str] = {}
    for line in asked.stdout.splitlines():
        match = re.match(r"^[^.]+\.([a-z-]+)='(.*)'$", line)
        if match:
            settings[match[1]] = match[2].replace("\\n", " ").strip()
    names = {
        "index-url": "UV_DEFAULT_INDEX",
        "extra-index-url": "UV_INDEX",
        "find-links": "UV_FIND_LINKS",
        "cert": "SSL_CERT_FILE",
    }
    for theirs, ours in names.items():
        if settings.get(theirs):
            environment.setdefault(ours, settings[theirs])
    # A mirror may hold some versions only; hashes say what is right, whoever serves it.
    environment.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    environment.setdefault("UV_HTTP_TIMEOUT", "300")
    return environment


def _entry_of(package: str, lock: Path) -> str:
    """One package's lines of a lock file."""
    match = re.search(
        rf"^{re.escape(package)}==[^\n]*\n(?:[ ]+[^\n]*\n?)*", lock.read_text(), re.MULTILINE
    )
    if match is None:
        raise SetupProblem(f"{lock.name} does not name {package}; compile it again.")
    return match[0]


def _stamp_name(lock: Path) -> str:
    return lock.stem


def _is_current(lock: Path) -> bool:
    """True when the larger lock is installed and has not changed."""
    stamp = STAMPS / _stamp_name(lock)
    inputs = [sys.version, lock, REPOSITORY / "pyproject.toml"]
    return PYTHON.exists() and stamp.exists() and stamp.read_text() == digest(inputs)


def _has_torch() -> bool:
    return any(VENV.glob("lib/python3*/site-packages/torch/version.py"))


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False)
    if done.returncode != 0:
        raise SetupProblem(
            f"This failed (status {done.returncode}): {' '.join(command)}\nThe lines above say"
            " why; check the network and start again."
        )
