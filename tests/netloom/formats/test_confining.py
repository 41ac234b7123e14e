"""A program that is started confined: what it may take, that its limits are not undone, its end."""

from __future__ import annotations

import json
import subprocess
import sys

import psutil

from netloom.formats import confining

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
