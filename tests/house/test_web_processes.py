"""Several web processes behind one door, and what the launcher does when one of them dies."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from common.priority import BACKGROUND
from config.launcher.checks import listen
from config.launcher.child import FORGIVEN_AFTER_S, MAX_RESTARTS, Child
from tests.house.studio_process import (
    REPOSITORY,
    StudioProcess,
    manage,
    running_studio,
    studio_environment,
)


def _until(condition: Callable[[], bool], timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        time.sleep(0.05)


def _status(address: str, path: str = "/api/health") -> int:
    connection = HTTPConnection(address, timeout=30)
    with closing(connection):
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status


def _web_processes(studio: StudioProcess) -> set[int]:
    return {each.pid for each in studio.descendants() if "web" in each.cmdline()[1:4]}


def _probe(data: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "config.probe", *arguments],
        cwd=REPOSITORY,
        env=studio_environment(data, **settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.slow
def test_one_of_several_dies_and_nobody_is_turned_away(tmp_path: Path):
    data = tmp_path / "data"
    with running_studio(data, NETLOOM_WEB_PROCESSES="2") as studio:
        address = urlsplit(studio.url).netloc
        before = _web_processes(studio)
        assert len(before) == 2
        _until(lambda: _takers(address, before) == before)
        for pid in before:
            psutil.Process(pid).kill()
            assert [_status(address) for _ in range(10)] == [200] * 10
        _until(lambda: len(_web_processes(studio) - before) == 2)

        # An import takes what the others leave of the processor.
        bulk, interactive = studio.child("worker", "bulk"), studio.child("worker", "interactive")
        assert bulk is not None
        assert interactive is not None
        assert bulk.nice() == interactive.nice() + BACKGROUND
        _until(lambda: _session_niceness(bulk.pid) in (BACKGROUND, None))
        assert _session_niceness(interactive.pid) in (0, None)

        _until(lambda: _probe(data, "bulk").returncode == 0)
        port = str(urlsplit(studio.url).port)
        assert _probe(data, "web", NETLOOM_PORT=port).returncode == 0
    gone = _probe(data, "web", NETLOOM_PORT=port)
    assert gone.returncode == 1
    assert "does not answer" in gone.stderr
    nobody = _probe(tmp_path / "other", "bulk")
    assert nobody.returncode == 1
    assert "bulk" in nobody.stderr


def _session_niceness(pid: int) -> int | None:
    """How nice the session that `pid` leads is; None where the kernel has no such groups."""
    try:
        text = Path(f"/proc/{pid}/autogroup").read_text()
    except OSError:
        return None
    return int(text.split()[-1]) if text else None


def _takers(address: str, pids: set[int]) -> set[int]:
    """Which of the processes have taken one of several connections that are open at once."""
    with ExitStack() as kept_open:
        for _ in range(8):
            connection = kept_open.enter_context(closing(HTTPConnection(address, timeout=30)))
            connection.request("GET", "/api/health")
            assert connection.getresponse().status == 200
        return {
            pid
            for pid in pids
            if any(
                each.status == psutil.CONN_ESTABLISHED and each.raddr
                for each in psutil.Process(pid).net_connections("tcp")
            )
        }


def test_a_process_that_ran_long_is_forgiven(tmp_path: Path):
    child = Child("web", [sys.executable, "-c", ""], tmp_path / "log", {}, tmp_path)
    child.start()
    assert [child.count_restart() for _ in range(MAX_RESTARTS + 1)] == [True] * 5 + [False]
    child.started_at -= FORGIVEN_AFTER_S
    assert child.count_restart()
    assert child.num_restarts == 1
    child.end()


@pytest.mark.slow
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_an_open_socket_is_served(tmp_path: Path, host: str):
    if ":" in host and not socket.has_dualstack_ipv6():
        pytest.skip("This machine has no IPv6.")
    assert manage(tmp_path, "migrate", "--verbosity", "0").returncode == 0
    with listen(host, 0) as door:
        port = door.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, "manage.py", "web", "--fd", str(door.fileno())],
            cwd=REPOSITORY,
            env=studio_environment(tmp_path, NETLOOM_HOST=host),
            pass_fds=[door.fileno()],
        )
    try:
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        # Nobody listens twice: this connection waits until the process is there to take it.
        assert _status(address) == 200
    finally:
        process.terminate()
        assert process.wait(30) in (0, -15)


@pytest.mark.django_db
def test_health_tells_a_stranger_nothing(client: object):
    answer = client.get("/api/health")  # type: ignore[attr-defined]
    assert (answer.status_code, json.loads(answer.content)) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_health_is_refused_without_a_database(client: object, monkeypatch: pytest.MonkeyPatch):
    from django.db import OperationalError, connection

    def refuse(*_: object) -> None:
        raise OperationalError("the database is gone")

    monkeypatch.setattr(connection, "cursor", refuse)
    answer = client.get("/api/health")  # type: ignore[attr-defined]
    assert answer.status_code == 503
    assert json.loads(answer.content)["code"] == "unavailable"
