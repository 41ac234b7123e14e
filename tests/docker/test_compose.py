"""The files of the many-machine installation against the code they start.

No container engine is needed: what can be wrong in them follows from the code.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands, load_command_class

from config.environment import PREFIX, Environment
from jobs.models import Lane
from tests.house.studio_process import studio_environment

REPOSITORY = Path(__file__).resolve().parent.parent.parent
DOCKER = REPOSITORY / "docker"
VARIABLE = re.compile(r"\$\{(\w+)(:[-?][^}]*)?\}")
SECRET = re.compile(r"PASSWORD|SECRET|ACCESS_KEY|AUTH")
ADDRESS = "https://studio.example.org"


@cache
def _compose() -> dict[str, Any]:
    return yaml.safe_load((DOCKER / "compose.yml").read_text())


def _services() -> dict[str, dict[str, Any]]:
    return _compose()["services"]


def _studio_services() -> dict[str, dict[str, Any]]:
    """Those that run our image."""
    return {name: each for name, each in _services().items() if "build" in each}


@pytest.fixture
def made(tmp_path: Path) -> dict[str, str]:
    """What make-env.sh writes."""
    file = tmp_path / ".env"
    subprocess.run([DOCKER / "make-env.sh", ADDRESS, file], check=True, capture_output=True)
    lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def _filled(text: str, values: dict[str, str]) -> str:
    return VARIABLE.sub(lambda found: values[found[1]], text)


def test_settings_exist():
    known = {PREFIX + name.upper() for name in Environment.model_fields}
    named = {
        key
        for service in _studio_services().values()
        for key in service["environment"]
        if key.startswith(PREFIX)
    }
    assert named
    assert named <= known


@pytest.mark.parametrize("name", _studio_services())
def test_commands_exist(name: str):
    command, *arguments = _services()[name]["command"]
    parser = load_command_class(get_commands()[command], command).create_parser(
        "manage.py", command
    )
    parser.parse_args(arguments)


def test_every_lane_has_a_worker_that_is_asked_about_itself():
    lanes: dict[str, str] = {}
    for name, service in _studio_services().items():
        if service["command"][0] == "worker":
            lane = service["command"][1]
            lanes[name] = lane
            assert service["healthcheck"]["test"] == ["CMD", "python", "-m", "config.probe", lane]
    assert set(lanes.values()) == set(Lane.values)
    assert "worker-train-gpu" in lanes


def test_only_the_proxy_can_be_reached_and_reaches_out():
    assert [name for name, each in _services().items() if "ports" in each] == ["proxy"]
    networks = _compose()["networks"]
    open_networks = {name for name, each in networks.items() if not each.get("internal")}
    assert [
        name for name, each in _services().items() if open_networks & set(each["networks"])
    ] == ["proxy"]
    # The proxy sees the web processes and nothing behind them.
    behind = set(_services()["proxy"]["networks"]) - open_networks
    assert [name for name, each in _services().items() if behind & set(each["networks"])] == [
        "proxy",
        "web",
    ]


@pytest.mark.parametrize("name", _services())
def test_containers_have_no_more_than_they_need(name: str):
    service = _services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not {"privileged", "pid", "network_mode", "devices"} & set(service)
    limits = service["deploy"]["resources"]["limits"]
    assert {"cpus", "memory"} <= set(limits)
    assert {"max-size", "max-file"} <= set(service["logging"]["options"])
    assert not any("docker.sock" in str(volume) for volume in service.get("volumes", []))
    if name != "prepare" and name != "web":  # one ends by itself, the other's is in the image
        assert "test" in service["healthcheck"]


@pytest.mark.parametrize("name", _studio_services())
def test_order_of_the_start(name: str):
    needs = _services()[name]["depends_on"]
    assert needs["postgres"]["condition"] == "service_healthy"
    if name != "prepare":
        assert needs["prepare"]["condition"] == "service_completed_successfully"
    assert _services()["prepare"]["restart"] == "no"


def test_images_are_pinned():
    for name, service in _services().items():
        if name not in _studio_services():
            assert re.search(r":v?\d", service["image"]), service["image"]


def test_no_secret_is_in_the_file(made: dict[str, str]):
    needed: set[str] = set()
    for service in _services().values():
        for key, value in service.get("environment", {}).items():
            needed |= {name for name, default in VARIABLE.findall(value) if "?" in default}
            if SECRET.search(key):
                assert VARIABLE.fullmatch(value), f"{key} is written out"
                assert ":-" not in value, f"{key} has a default"
    assert needed <= set(made)


def test_secrets_are_made_once_and_for_their_owner(tmp_path: Path):
    file = tmp_path / "env"
    again = [str(DOCKER / "make-env.sh"), ADDRESS, str(file)]
    assert subprocess.run(again, capture_output=True, check=False).returncode == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_text()
    refused = subprocess.run(again, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "is there already" in refused.stderr
    assert file.read_text() == before
    assert [path.name for path in tmp_path.iterdir()] == ["env"]
    other = tmp_path / "other"
    subprocess.run([*again[:2], str(other)], capture_output=True, check=True)
    assert not set(_secrets(before)) & set(_secrets(other.read_text()))


def _secrets(text: str) -> list[str]:
    return [line for line in text.splitlines() if "=" in line and ADDRESS not in line]


@pytest.mark.parametrize(
    "address", ["", "http://studio.example.org", f"{ADDRESS}/", f"{ADDRESS}/x"]
)
def test_other_addresses_are_refused(tmp_path: Path, address: str):
    command = [str(DOCKER / "make-env.sh"), address, str(tmp_path / "env")]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_what_is_made_passes_our_own_checks(made: dict[str, str], tmp_path: Path):
    settings = {
        key: _filled(value, made)
        for key, value in _services()["web"]["environment"].items()
        if key.startswith(PREFIX)
    }
    told = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=REPOSITORY,
        env=studio_environment(tmp_path / "data", **settings),
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr


def test_the_image_holds_what_it_runs():
    text = (DOCKER / "Dockerfile").read_text()
    final = text[text.rindex("\nFROM ") :]
    copied = {
        word.rstrip("/")
        for line in re.findall(r"^COPY (?!--from)(.*)$", final, re.MULTILINE)
        for word in shlex.split(line)[:-1]
    }
    assert all((REPOSITORY / path).exists() for path in copied)
    packages = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    assert set(packages["tool"]["importlinter"]["root_packages"]) <= copied
    assert "manage.py" in copied
    assert re.search(r"^USER [1-9]\d+:[1-9]\d+$", final, re.MULTILINE)
    ignored = (DOCKER / "Dockerfile.dockerignore").read_text().splitlines()
    assert {f"!{path}" for path in copied} <= set(ignored)


def test_compose_itself_reads_it(made: dict[str, str]):
    docker = shutil.which("docker")
    asked = [docker or "docker", "compose", "version"]
    if docker is None or subprocess.run(asked, capture_output=True, check=False).returncode != 0:
        pytest.skip("docker compose is not installed here.")
    command = [docker, "compose", "--file", str(DOCKER / "compose.yml"), "--profile", "gpu"]
    told = subprocess.run(
        [*command, "config", "--quiet"],
        env={**os.environ, **made},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
