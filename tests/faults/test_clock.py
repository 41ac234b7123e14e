"""The wall clock of the whole studio jumps: its runs, queues and leases do not care."""

from __future__ import annotations

import shutil
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.live import LiveApi
from tests.faults.runs import (
    LONG,
    SETTINGS,
    Numbers,
    digits_network,
    has_checkpoint,
    numbers_of,
    start,
    wait_for_success,
)
from tests.waiting import until
from tour.studio import private_studio

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.campaign]

HOUR_S = 3600
DAY_S = 24 * HOUR_S
SOURCE = Path(__file__).with_name("clock.c")
Jump = Callable[[int], None]


@pytest.fixture
def clock(tmp_path: Path) -> Iterator[tuple[dict[str, str], Jump]]:
    """The environment in which the clock can be moved, and what moves it by so many seconds."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("There is no C compiler here to build the clock that can be moved.")
    library, file = tmp_path / "clock.so", tmp_path / "clock"
    command = [compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(SOURCE)]
    subprocess.run(command, check=True)
    with file.open("wb", buffering=0) as shared:

        def jump(seconds: int) -> None:
            shared.seek(0)
            shared.write(struct.pack("q", seconds))

        jump(0)

        yield {"LD_PRELOAD": str(library), "TEST_CLOCK": str(file)}, jump


def ahead_s(api: LiveApi, run_id: str) -> float:
    """How far the clock by which the trainer stamps its newest event is ahead of ours."""
    since = max(api.get(f"/api/runs/{run_id}")["last_event"] - 1, 0)
    newest = api.get(f"/api/runs/{run_id}/events?since={since}")["events"][-1]
    return newest["event"]["time_s"] - time.time()


@pytest.mark.parametrize("by", [DAY_S, -DAY_S])
def test_a_clock_that_jumps_a_day_costs_no_run_and_no_sign_in(
    clock: tuple[dict[str, str], Jump], tmp_path: Path, undisturbed: Numbers, by: int
) -> None:
    environment, jump = clock
    with private_studio(tmp_path / "data", extra_settings={**SETTINGS, **environment}) as studio:
        api = LiveApi(studio.url, studio.signin_url)
        network = digits_network(api)
        run, waiting = (start(api, network, LONG) for _ in range(2))
        api.wait_for(f"/api/runs/{run['id']}", has_checkpoint)
        jump(by)
        until(lambda: abs(ahead_s(api, run["id"]) - by) < HOUR_S)
        for one in (run, waiting):
            told = wait_for_success(api, one["id"])
            assert len(told["attempts"]) == 1, told["attempts"]
            undisturbed.assert_same_elsewhere(numbers_of(api, tmp_path / "data", one["id"]))
