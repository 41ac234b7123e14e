"""Commands in a place where no studio was ever set up say so in a sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("command", [["signin"], ["signin", "ada@example.org"]])
def test_a_command_without_a_database(tmp_path: Path, command: list[str]) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NETLOOM_")}
    kept.pop("DJANGO_SETTINGS_MODULE", None)
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=REPOSITORY,
        env={**kept, "NETLOOM_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    assert f"There is no studio in NETLOOM_DATA={tmp_path}" in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
