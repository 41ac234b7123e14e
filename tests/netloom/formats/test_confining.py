"""A program that is started confined: what it may take and open, that limits stay, its end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from netloom.formats import confining
from netloom.formats.confined_files import confined_files, libraries, tell_without_landlock

TELL = (
    "import json, resource as r;"
    "asked = (r.RLIMIT_DATA, r.RLIMIT_FSIZE, r.RLIMIT_CPU);"
    "print(json.dumps([r.getrlimit(each) for each in asked]))"
)


def confined(*before: str) -> list[list[int]]:
    command = [sys.executable, "-I", confining.__file__, *before, sys.executable, "-c", TELL]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


def test_a_program_is_started_within_limits() -> None:
    memory, written, seconds = confined()
    assert memory == [confining.MEMORY_BYTES] * 2
    assert written == [confining.WRITTEN_BYTES] * 2
    assert seconds == [-1, -1]


def test_limits_can_be_told() -> None:
    told = confined("--memory-bytes=2147483648", "--written-bytes=4096", "--seconds=60")
    assert told == [[2**31] * 2, [4096] * 2, [60, 65]]


def test_narrower_limits_stay() -> None:
    narrow = (
        "import os, resource, sys; resource.setrlimit(resource.RLIMIT_DATA, (2**30, 2**30));"
        "os.execv(sys.executable, [sys.executable, '-I', *sys.argv[1:]])"
    )
    command = [sys.executable, "-c", narrow, confining.__file__, sys.executable, "-c", TELL]
    ended = subprocess.run(command, capture_output=True, check=True)
    assert json.loads(ended.stdout)[0] == [2**30, 2**30]


def test_it_ends_with_what_started_it() -> None:
    parent = (
        "import subprocess, sys;"
        "sleep = [sys.executable, '-c', 'print(1, flush=True); import time; time.sleep(600)'];"
        "started = subprocess.Popen([sys.executable, '-I', *sys.argv[1:], *sleep],"
        " stdout=subprocess.PIPE);"
        "started.stdout.readline(); print(started.pid, flush=True); started.wait()"
    )
    command = [sys.executable, "-c", parent, confining.__file__]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        started = psutil.Process(int(process.stdout.readline()))
        assert started.is_running()
        process.kill()
    started.wait(timeout=60)
    assert not started.is_running()


@pytest.fixture
def needs_landlock() -> None:
    if confining.landlock_version() == 0:
        pytest.skip("This system has no Landlock (Linux from 5.13 on).")


@pytest.mark.usefixtures("needs_landlock")
@pytest.mark.parametrize(
    ("doing", "is_allowed"),
    [
        ("open('own/new', 'w').write('x')", True),
        ("__import__('shutil').rmtree('own/kept')", True),
        ("open('given').read()", True),
        ("open('given', 'a')", False),
        ("open('secret').read()", False),
        ("__import__('os').listdir('.')", False),
        ("open('elsewhere', 'w')", False),
        ("__import__('os').link('secret', 'own/secret')", False),
        ("open('own/leads').read()", False),
        ("__import__('os').rename('own/kept', 'moved')", False),
        ("open('/etc/passwd').read()", False),
        ("open(f'/proc/{__import__(\"os\").getppid()}/environ').read()", False),
        ("__import__('socket').create_connection(('127.0.0.1', 9))", False),
    ],
)
def test_a_program_opens_nothing_but_what_it_is_given(
    tmp_path: Path, doing: str, *, is_allowed: bool
) -> None:
    (tmp_path / "own/kept").mkdir(parents=True)
    for name in ("given", "secret"):
        (tmp_path / name).write_text("content")
    (tmp_path / "own/leads").symlink_to(tmp_path / "secret")
    files = confined_files(libraries(sys.executable), [tmp_path / "given"], tmp_path / "own")
    command = [sys.executable, "-I", confining.__file__, *files, sys.executable, "-I", "-c", doing]
    ended = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert (ended.returncode == 0) is is_allowed, ended.stderr
    assert is_allowed or "PermissionError" in ended.stderr or "cross-device" in ended.stderr
    assert (tmp_path / "secret").read_text() == (tmp_path / "given").read_text() == "content"
    assert not (tmp_path / "elsewhere").exists()


def test_a_system_without_landlock_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "platform", "one without")
    tell_without_landlock.cache_clear()
    assert confining.landlock_version() == 0
    assert confining.leave_files([], [str(tmp_path)]) is False
    assert confined_files(["/usr"], [], tmp_path)
    tell_without_landlock.cache_clear()
    assert "no Landlock" in caplog.text
