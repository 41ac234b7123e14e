"""Processes that are hostile to whoever started them: each ends, and takes all it started along."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from common.errors import Code, Problem
from designer.throwaway import Work, do_work

SOON_S = 60.0
MODULE = "tests.api.designer.speaking"


class Stopped(Exception):
    """What a cancelled job raises."""


@pytest.fixture
def have(tmp_path: Path) -> Callable[..., list[tuple[float | None, str]]]:
    """Have a process do something; returns what it told: `have("prints")`."""

    def work(how: str, stop_after_s: float | None = None) -> list[tuple[float | None, str]]:
        told: list[tuple[float | None, str]] = []
        stopped = threading.Event()
        if stop_after_s is not None:
            threading.Timer(stop_after_s, stopped.set).start()

        def progress(fraction: float | None, text: str) -> None:
            if stopped.is_set():
                raise Stopped
            told.append((fraction, text))

        asked = Work(
            module=MODULE, arguments=[how, str(tmp_path)], doing="Reading net.pt",
            failed=Code.IMPORT_FAILED, too_large="Take less.", next_step="Try another.",
            refused_next="As it says.",
        )  # fmt: skip
        begin = time.monotonic()
        try:
            do_work(asked, tmp_path, progress=progress, stopped=stopped)
        finally:
            assert time.monotonic() - begin < SOON_S
            assert not remaining(tmp_path)
        return told

    return work


def remaining(folder: Path) -> list[int]:
    """Processes that still work on a folder."""
    return [
        each.pid
        for each in psutil.process_iter(["cmdline", "status"])
        if str(folder) in (each.info["cmdline"] or [])
        and each.info["status"] != psutil.STATUS_ZOMBIE
    ]


def test_what_is_printed_keeps_nobody_waiting(have: Callable[..., object]) -> None:
    assert have("prints") == [(1.0, "Done")]


def test_a_reason_of_any_length_arrives_cut(have: Callable[..., object]) -> None:
    with pytest.raises(Problem) as caught:
        have("long refusal")
    assert caught.value.code == Code.IMPORT_FAILED
    assert caught.value.detail == "A" * 2000


def test_nonsense_is_passed_over(have: Callable[..., list[tuple[float | None, str]]]) -> None:
    told = have("nonsense")
    assert (0.5, "Sense") in told
    assert told[-1] == (None, "More than all")


@pytest.mark.parametrize("how", ["prints, then sleeps", "nonsense without end", "closes its pipes"])
def test_it_can_be_cancelled_whatever_it_says(have: Callable[..., object], how: str) -> None:
    with pytest.raises(Stopped):
        have(how, stop_after_s=2.0)


@pytest.mark.parametrize("how", ["prints, then sleeps", "nonsense without end", "closes its pipes"])
def test_its_time_ends_whatever_it_says(
    have: Callable[..., object], limits: Callable[..., None], how: str
) -> None:
    limits(import_s=2.0)
    with pytest.raises(Problem, match="took too long"):
        have(how)


def test_what_it_starts_ends_with_it(have: Callable[..., object]) -> None:
    try:
        assert have("leaves somebody") == [(1.0, "Done")]
    except Problem as problem:
        if "exit status 3" in problem.detail:
            pytest.skip("this system lets no process be alone")
        raise


def test_many_processes_are_too_many(have: Callable[..., object]) -> None:
    with pytest.raises(Problem, match="too many processes"):
        have("many")


def test_memory_is_counted_of_all_that_it_starts(
    have: Callable[..., object], limits: Callable[..., None]
) -> None:
    limits(import_mb=250)
    with pytest.raises(Problem) as caught:
        have("large family")
    assert caught.value.code == Code.OUT_OF_MEMORY


def test_what_it_printed_last_is_logged_when_it_crashes(
    have: Callable[..., object], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Problem, match="exit status 7"):
        have("fails")
    assert "the reason" in caplog.text
