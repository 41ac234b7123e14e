"""The files of docs/one-server: settings that exist, units and proxy that their programs accept."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config.environment import PREFIX, Environment
from tests.house.studio_process import REPOSITORY, manage

FILES = REPOSITORY / "docs" / "one-server"
UNITS = ("netloom.service", "netloom-backup.service", "netloom-backup.timer")


def _settings() -> dict[str, str]:
    lines = (FILES / "netloom.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_settings_pass_the_checks_of_a_deployment(tmp_path: Path):
    known = {PREFIX + name.upper() for name in Environment.model_fields}
    assert set(_settings()) <= known
    settings = {name: value for name, value in _settings().items() if name != "NETLOOM_DATA"}
    images = tmp_path / "images"  # the page has its folder made
    images.mkdir()
    settings["NETLOOM_IMPORT_ROOTS"] = str(images)
    told = manage(tmp_path / "data", "check", "--deploy", "--fail-level", "WARNING", **settings)
    assert told.returncode == 0, told.stderr


def test_what_the_page_names_exists():
    page = (REPOSITORY / "docs" / "one-server.md").read_text()
    known = {PREFIX + name.upper() for name in Environment.model_fields}
    assert set(re.findall(r"NETLOOM_[A-Z_]+", page)) <= known
    for link in re.findall(r"\]\(((?!http)[^)#]+)", page):
        assert (REPOSITORY / "docs" / link).exists(), link
    for name in re.findall(r"docs/one-server/(\S+)", page):
        assert (FILES / name).is_file(), name


def test_systemd_accepts_the_units(tmp_path: Path):
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd is not installed here.")
    for name in UNITS:
        # Where the recipe installs the studio there is nothing on this machine.
        text = (FILES / name).read_text().replace("/opt/netloom/.venv/bin/python", sys.executable)
        (tmp_path / name).write_text(text)
    told = subprocess.run(
        [program, "verify", *(str(tmp_path / name) for name in UNITS)],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in told.stderr.splitlines() if "netloom" in line]
    assert (told.returncode, ours) == (0, []), told.stderr


@pytest.mark.parametrize("on_path", [False, True])
def test_nginx_accepts_the_configuration(tmp_path: Path, on_path: bool):
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    openssl = shutil.which("openssl")
    if program is None or openssl is None:
        pytest.skip("nginx and openssl are not installed here.")
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=t",
         "-keyout", str(tmp_path / "privkey.pem"), "-out", str(tmp_path / "fullchain.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    shutil.copy(FILES / "nginx-snippet.conf", tmp_path / "netloom.conf")
    site = (FILES / "nginx.conf").read_text()
    if on_path:
        below = (FILES / "nginx-subpath.conf").read_text()
        start = site.index("    include /etc/nginx")
        site = f"{site[:start]}{below}}}\n"
    site = site.replace("/etc/letsencrypt/live/studio.example.org", str(tmp_path))
    site = site.replace("/etc/nginx/snippets", str(tmp_path))
    paths = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = tmp_path / "main.conf"
    main.write_text(
        f"pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}"
        f" http {{ access_log off; {paths}\n{site} }}"
    )
    told = subprocess.run(
        [program, "-t", "-c", str(main)], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
