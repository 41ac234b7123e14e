"""`manage.py up` as an operator meets it: one link, one sentence when not, nothing left behind."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from tests.faults.live import LiveApi
from tests.faults.runs import digits_network, start
from tests.house.studio_process import (
    REPOSITORY,
    StudioProcess,
    manage,
    running_studio,
    words_of,
)

pytestmark = pytest.mark.slow


def _request(
    studio: StudioProcess, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, Any, http.client.HTTPResponse]:
    connection = http.client.HTTPConnection(urlsplit(studio.url).netloc, timeout=10)
    sent = {"Content-Type": "application/json", **headers} if body is not None else headers
    connection.request(method, path, json.dumps(body) if body is not None else None, sent)
    answer = connection.getresponse()
    content = answer.read()
    is_json = "json" in answer.headers.get("Content-Type", "")
    return answer.status, json.loads(content) if is_json else content, answer


def _until(condition: Callable[[], bool], timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        time.sleep(0.1)


def _answers(studio: StudioProcess) -> bool:
    try:
        return _request(studio, "GET", "/api/session")[0] == 200
    except OSError:
        return False


def test_a_whole_life(tmp_path: Path):
    """Start, sign in, refuse a second one, survive deaths, end without a trace."""
    data = tmp_path / "data"
    with running_studio(data) as studio:
        _, session, answer = _request(studio, "GET", "/api/session")
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
        headers = {"X-CSRFToken": session["csrf_token"], "Cookie": cookie, "Origin": studio.url}
        status, session, _ = _request(
            studio, "POST", "/api/session/link", {"token": studio.token}, **headers
        )
        assert status == 200
        assert [project["role"] for project in session["projects"]] == ["owner"]

        second = manage(data, "up")
        assert second.returncode == 1
        assert second.stderr.count("\n") == 1
        assert "already running" in second.stderr
        assert str(studio.process.pid) in second.stderr

        link = manage(data, "signin").stdout.strip()
        assert link.startswith(f"{studio.url}/signin#token=")

        web = studio.child("web")
        assert web is not None
        web.kill()
        _until(lambda: _answers(studio) and studio.child("web") not in (None, web))

        everyone = studio.descendants()
        words = {word for process in everyone for word in words_of(process)}
        assert {"web", "interactive", "bulk", "train"} <= words
        assert any("redis" in word or "valkey" in word for word in words)

        backup = manage(data, "backup", str(tmp_path))
        assert backup.returncode == 0, backup.stderr

        live = LiveApi(studio.url, manage(data, "signin").stdout.strip())
        start(live, digits_network(live), {"epochs": 500, "device": "cpu"})
        _until(lambda: studio.child("netloom.train") is not None)
        everyone = studio.descendants()

        studio.process.send_signal(signal.SIGINT)
        assert studio.process.wait(60) == 0
        _, alive = psutil.wait_procs(everyone, timeout=5)
        assert alive == []
        _until(lambda: not _processes_on(data), 5)
        assert not (data / "runtime.json").exists()

    restored = manage(tmp_path / "other", "restore", next(map(str, tmp_path.glob("*.zip"))))
    assert restored.returncode == 0, restored.stderr
    with sqlite3.connect(tmp_path / "other" / "netloom.sqlite3") as database:
        assert database.execute("select count(*) from accounts_person").fetchone() == (1,)


def _processes_on(data: Path) -> list[psutil.Process]:
    """Whoever has the data folder in its command line or its environment."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            words = [*process.cmdline(), process.environ().get("NETLOOM_DATA", "")]
            if any(str(data) in word for word in words):
                found.append(process)
    return found


def test_even_a_killed_launcher_leaves_nothing(tmp_path: Path):
    with running_studio(tmp_path / "data") as studio:
        everyone = studio.descendants()
        assert everyone
        studio.process.kill()
        studio.process.wait()
        _, alive = psutil.wait_procs(everyone, timeout=40)
        assert alive == []


def _sentence(completed: Any) -> str:
    assert completed.returncode == 1
    text = completed.stderr.strip()
    assert "Traceback" not in text
    assert len(text.splitlines()) == 1, text
    return text


def test_a_taken_port_is_named(tmp_path: Path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        told = _sentence(manage(tmp_path, "up", NETLOOM_PORT=str(port)))
    assert f"Port {port} is taken" in told
    assert "NETLOOM_PORT" in told


def test_import_roots_that_are_not_there_are_named(tmp_path: Path):
    with socket.socket() as other:  # so that the start ends after its checks
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        told = manage(
            tmp_path / "data",
            "up",
            NETLOOM_PORT=str(port),
            NETLOOM_IMPORT_ROOTS=f"{tmp_path}:{tmp_path / 'missing'}",
        ).stderr.splitlines()
    assert len(told) == 2
    assert told[0].startswith(f"Warning: The import root {tmp_path / 'missing'} does not exist.")
    assert "NETLOOM_IMPORT_ROOTS" in told[0]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path):
    (tmp_path / "file").touch()
    told = _sentence(manage(tmp_path / "file" / "data", "up"))
    assert str(tmp_path / "file" / "data") in told
    assert "NETLOOM_DATA" in told


def _up_on_disk(folder: Path, mount_options: str, prepare: str = "true") -> Any:
    """`manage.py up` on a small disk of its own, seen by this process alone."""
    script = f'mount -t tmpfs -o {mount_options} none "$0" && {prepare} && exec "$@"'
    own_disk = ["unshare", "--mount", "--map-root-user", "sh", "-c", script, str(folder)]
    try:
        usable = subprocess.run([*own_disk, "true"], capture_output=True, check=False).returncode
    except FileNotFoundError:
        usable = 1
    if usable != 0:
        pytest.skip("This system does not let us mount a disk for the test.")
    return manage(folder, "up", runner=own_disk)


def test_a_disk_with_little_room_is_named(tmp_path: Path):
    told = _sentence(_up_on_disk(tmp_path, "size=1m"))
    assert f"The disk of {tmp_path} is full" in told
    assert "NETLOOM_DATA" in told


def test_a_disk_without_any_room_is_named(tmp_path: Path):
    fill = 'dd if=/dev/zero of="$0/filler" bs=1M count=2 2>/dev/null; true'
    told = _sentence(_up_on_disk(tmp_path, "size=1m", f"{{ {fill}; }}"))
    assert f"The data folder {tmp_path} cannot be used (No space left on device)" in told
    assert "NETLOOM_DATA" in told


def test_a_folder_that_may_only_be_read_is_named(tmp_path: Path):
    told = _sentence(_up_on_disk(tmp_path, "ro"))
    assert f"The data folder {tmp_path} cannot be used (Read-only file system)" in told
    assert "NETLOOM_DATA" in told


def test_wrong_settings_are_named(tmp_path: Path):
    told = _sentence(manage(tmp_path, "up", NETLOOM_PORT="eighty"))
    assert "NETLOOM_PORT='eighty'" in told
    told = _sentence(manage(tmp_path, "up", NETLOOM_PROT="9000"))
    assert "NETLOOM_PROT" in told
    assert "Did you mean NETLOOM_PORT?" in told
    told = _sentence(manage(tmp_path, "up", NETLOOM_ALLOWED_HOSTS="*"))
    assert "NETLOOM_ALLOWED_HOSTS" in told


def test_a_newer_database_is_refused(tmp_path: Path):
    assert manage(tmp_path, "migrate", "--verbosity", "0").returncode == 0
    with sqlite3.connect(tmp_path / "netloom.sqlite3") as database:
        database.execute(
            "insert into django_migrations (app, name, applied)"
            " values ('jobs', '9999_from_the_future', '2030-01-01')"
        )
    database.close()
    told = _sentence(manage(tmp_path, "up"))
    assert "newer version" in told


def test_settings_are_documented(tmp_path: Path):
    page = manage(tmp_path, "settings", "--markdown").stdout
    assert page == (REPOSITORY / "docs" / "settings.md").read_text(), "run `make schema`"
    hidden = "hidden".join("0123456789")
    roots = f"{tmp_path}:/srv/images"
    listed = manage(
        tmp_path,
        "settings",
        NETLOOM_SECRET_KEY=hidden,
        NETLOOM_IMPORT_ROOTS=roots,
        NETLOOM_ALLOWED_HOSTS="a.example.org,b.example.org",
    ).stdout.splitlines()
    assert f"NETLOOM_DATA = {tmp_path}" in listed
    assert "NETLOOM_PORT = 0" in listed
    assert "NETLOOM_PUBLIC_URL =" in listed
    assert "NETLOOM_BEHIND_PROXY = false" in listed
    assert f"NETLOOM_IMPORT_ROOTS = {roots}" in listed
    assert "NETLOOM_ALLOWED_HOSTS = a.example.org,b.example.org" in listed
    assert "NETLOOM_SECRET_KEY = (set)" in listed
    assert not any("hidden" in line for line in listed)


def test_behind_tls_the_headers_and_cookies_say_so(tmp_path: Path):
    code = (
        "from django.test import Client;"
        "told = [Client().get('/api/session', headers={'X-Forwarded-Proto': scheme})"
        " for scheme in ('https', 'http')];"
        "print([answer.headers.get('Strict-Transport-Security') for answer in told],"
        " [cookie['secure'] for cookie in told[0].cookies.values()])"
    )
    settings = {
        "NETLOOM_PUBLIC_URL": "https://studio.example.org",
        "NETLOOM_BEHIND_PROXY": "true",
        "NETLOOM_ALLOWED_HOSTS": "testserver",
    }
    assert manage(tmp_path, "migrate", "--verbosity", "0").returncode == 0
    told = manage(tmp_path, "shell", "--verbosity", "0", "-c", code, **settings)
    assert told.stdout.strip() == "['max-age=2592000', None] [True]", told.stderr


def test_the_web_process_loads_no_torch(tmp_path: Path):
    code = (
        "import sys, config.asgi, config.api;"
        "print([name for name in ('torch', 'torchvision', 'captum') if name in sys.modules])"
    )
    told = manage(tmp_path, "shell", "--verbosity", "0", "-c", code)
    assert told.stdout.strip() == "[]", told.stderr
