"""What sets an installation up does again what is gone, and nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.setup import packages, stamps

pytestmark = pytest.mark.slow


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A folder of its own, with what was installed into it."""
    lock = tmp_path / "requirements.txt"
    for path in (lock, tmp_path / "requirements-dev.txt", tmp_path / "pyproject.toml"):
        path.write_text(path.name)
    for module in (packages, stamps):
        monkeypatch.setattr(module, "REPOSITORY", tmp_path)
        monkeypatch.setattr(module, "STAMPS", tmp_path / ".make")
    monkeypatch.setattr(packages, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(packages, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(packages, "RUN_LOCK", lock)
    monkeypatch.setattr(packages, "DEV_LOCK", tmp_path / "requirements-dev.txt")
    done: list[str] = []
    monkeypatch.setattr(packages, "_install", lambda lock: done.append(lock.name))
    return done


def test_packages_are_installed_once_and_again_into_a_new_environment(
    installed: list[str],
) -> None:
    packages.install_packages(packages.RUN_LOCK)
    packages.install_packages(packages.RUN_LOCK)
    assert installed == ["requirements.txt"]
    packages.PYTHON.unlink()  # the whole folder, in truth
    packages.install_packages(packages.RUN_LOCK)
    assert installed == ["requirements.txt"] * 2
    packages.DEV_LOCK.write_text("more")
    packages.install_packages(packages.DEV_LOCK)
    packages.install_packages(packages.RUN_LOCK)
    assert installed == ["requirements.txt"] * 2 + ["requirements-dev.txt"]
