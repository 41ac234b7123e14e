"""`make check`: every check is run, then the failed ones are named."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time

from config.setup.node import find_node, run_npm

PYTHON = sys.executable
CHECKS: dict[str, list[str]] = {
    "ruff": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "--quiet", "."],
    "pyright": ["pyright", "--project", "pyproject.toml"],  # not one of a folder above
    "import-linter": ["lint-imports", "--no-cache"],
    "migrations": [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"],
    "schemas": [PYTHON, "manage.py", "export_schema", "--check"],
    "checks": [PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
    "checks behind TLS": [
        "env", "NETLOOM_PUBLIC_URL=https://studio.example.org", "NETLOOM_BEHIND_PROXY=1",
        PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING",
    ],
}  # fmt: skip
if sys.platform == "linux" and platform.machine() == "x86_64":  # what its package is made for
    CHECKS["hadolint"] = ["hadolint", "docker/Dockerfile"]


def main() -> int:
    """Run all checks; the last line says how they went."""
    failed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="netloom-check-") as folder:
        environment = {
            **{name: value for name, value in os.environ.items() if "NETLOOM_" not in name},
            "NETLOOM_DATA": folder,
        }
        for name, command in CHECKS.items():
            began = time.monotonic()
            status = subprocess.run(command, env=environment, check=False).returncode
            _tell(name, status, time.monotonic() - began)
            if status != 0:
                failed.append(name)
    began = time.monotonic()
    status = run_npm(find_node(), "run", "--silent", "check")
    _tell("frontend (tsc, eslint)", status, time.monotonic() - began)
    if status != 0:
        failed.append("frontend")
    if failed:
        print(f"\nmake check: failed: {', '.join(failed)}.")
        return 1
    print("\nmake check: all checks passed.")
    return 0


def _tell(name: str, status: int, seconds: float) -> None:
    print(f"{'ok  ' if status == 0 else 'FAIL'} {name} ({seconds:.0f} s)", flush=True)


if __name__ == "__main__":
    sys.exit(main())
