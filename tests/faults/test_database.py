"""The database is locked for longer than anybody waits."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.faults.live import LiveApi
from tests.faults.runs import (
    LONG,
    Numbers,
    has_checkpoint,
    numbers_of,
    start,
    wait_for_success,
)
from tests.waiting import until

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.campaign]

LOCKED_S = 30.0


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Hold the lock that every writer needs, as a stuck backup program would."""
    with closing(sqlite3.connect(database, timeout=60, isolation_level=None)) as rival:
        rival.execute("begin immediate")
        yield
        rival.execute("rollback")


def test_a_lock_held_for_half_a_minute_costs_no_run(
    api: LiveApi, network: dict[str, Any], data_folder: Path, undisturbed: Numbers
) -> None:
    """Pages can be read, who writes is told to come again, what the run said is written later."""
    run = start(api, network, LONG)
    waiting = start(api, network, {**LONG, "epochs": 1})
    api.wait_for(f"/api/runs/{run['id']}", has_checkpoint)
    with locked(data_folder / "netloom.sqlite3"):
        until_s = time.monotonic() + LOCKED_S
        with pytest.raises(AssertionError, match=r'"unavailable".*Try again'):
            api.call("PATCH", f"/api/networks/{network['id']}", {"name": "Renamed"})
        until(lambda: api.get(f"/api/runs/{run['id']}") and time.monotonic() > until_s)
    wait_for_success(api, run["id"])
    wait_for_success(api, waiting["id"])
    undisturbed.assert_same(numbers_of(api, data_folder, run["id"]))
    assert api.get(f"/api/networks/{network['id']}")["name"] == network["name"]
