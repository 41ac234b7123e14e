"""A program that is started confined: what it may take, and that its limits are not undone."""

from __future__ import annotations

import json
import subprocess
import sys

from netloom.formats import confining

TELL = (
    "import json, resource as r;"
    "print(json.dumps([r.getrlimit(each) for each in (r.RLIMIT_DATA, r.RLIMIT_FSIZE)]))"
)


def confined(*before: str) -> list[list[int]]:
    command = [sys.executable, "-I", confining.__file__, *before, sys.executable, "-c", TELL]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


def test_a_program_is_started_within_limits() -> None:
    assert confined() == [[confining.MEMORY_BYTES] * 2, [confining.WRITTEN_BYTES] * 2]


def test_narrower_limits_stay() -> None:
    narrow = (
        "import os, resource, sys; resource.setrlimit(resource.RLIMIT_DATA, (2**30, 2**30));"
        "os.execv(sys.executable, [sys.executable, '-I', *sys.argv[1:]])"
    )
    command = [sys.executable, "-c", narrow, confining.__file__, sys.executable, "-c", TELL]
    ended = subprocess.run(command, capture_output=True, check=True)
    assert json.loads(ended.stdout)[0] == [2**30, 2**30]
