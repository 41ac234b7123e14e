"""SECURITY.md claims nothing that no test looks at, and forgets no test of this folder."""

from __future__ import annotations

import re

from tests.house.studio_process import REPOSITORY
from tests.security.test_routes import PUBLIC

TEXT = (REPOSITORY / "SECURITY.md").read_text()


def test_every_row_names_tests_that_exist() -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("| ") and "---" not in line][1:]
    assert len(rows) > 15
    for row in rows:
        named = re.findall(r"`((?:tests|frontend)/[^`]+)`", row.split("|")[3])
        assert named, row
    for path in re.findall(r"`((?:tests|frontend|docker)/[^`]*)`", TEXT):
        assert (REPOSITORY / path).exists(), path


def test_no_test_of_attacks_is_forgotten() -> None:
    for path in (REPOSITORY / "tests" / "security").glob("test_*.py"):
        if path.name != "test_threat_model.py":
            assert path.name in TEXT, path.name


def test_what_is_public_is_named() -> None:
    section = TEXT.split("### What answers without proof")[1].split("## What guards")[0]
    assert set(re.findall(r"`([a-z_]+)`", section)) == PUBLIC


def test_settings_that_are_named_exist() -> None:
    documented = (REPOSITORY / "docs" / "settings.md").read_text()
    for name in re.findall(r"NETLOOM_\w+", TEXT):
        assert f"`{name}`" in documented, name
