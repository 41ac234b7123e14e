"""The warm child: answers, cancels, dies and is renewed without anyone else noticing."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from common.errors import Code, Problem
from jobs.running import JobStopped
from jobs.warm_child import WarmChild


@pytest.fixture
def child() -> Iterator[WarmChild]:
    made = WarmChild("tests.house.warm_handlers", max_requests=50, max_memory_bytes=10**9)
    yield made
    made.kill()


def test_answers_with_progress(child: WarmChild):
    heard: list[Any] = []
    answer = child.request("echo", {"a": [1]}, on_progress=lambda *told: heard.append(told))
    assert answer["payload"] == {"a": [1]}
    assert heard == [(step / 3, f"step {step}", {"step": step}) for step in range(3)]
    assert child.request("echo", {})["pid"] == answer["pid"]


def test_gets_no_secrets(child: WarmChild, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NETLOOM_SECRET_KEY", "secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    told = child.request("environment", {})
    assert not [name for name in told["names"] if "NETLOOM" in name or "SECRET" in name]
    assert not told["has_django"]


@pytest.mark.timed
def test_a_patient_handler_is_cancelled_and_the_child_kept(child: WarmChild):
    pid = child.request("echo", {})["pid"]
    assert _cancel_while(child, "patient") < 1.0
    assert child.request("echo", {})["pid"] == pid


@pytest.mark.timed
def test_a_stubborn_handler_is_killed_within_a_second(child: WarmChild):
    pid = child.request("echo", {})["pid"]
    assert _cancel_while(child, "stubborn") < 1.5
    assert not psutil.pid_exists(pid)
    assert child.request("echo", {})["pid"] != pid


def _cancel_while(child: WarmChild, name: str) -> float:
    """Cancel once the handler works; returns the seconds until the request ended."""
    stopped = threading.Event()
    cancelled_at: list[float] = []

    def cancel(*_progress: object) -> None:
        if not cancelled_at:
            cancelled_at.append(time.monotonic())
        stopped.set()

    with pytest.raises(JobStopped):
        child.request(name, {}, on_progress=cancel, stopped=stopped)
    return time.monotonic() - cancelled_at[0]


def test_refusals_and_bugs_become_problems(child: WarmChild):
    with pytest.raises(Problem) as refused:
        child.request("refuse", {})
    assert refused.value.code is Code.EXPLAIN_FAILED
    assert refused.value.next_step == "Choose another."
    with pytest.raises(Problem, match="wrong shape"):
        child.request("explode", {})
    assert child.request("echo", {})["payload"] == {}


def test_a_crash_costs_one_request(child: WarmChild):
    with pytest.raises(Problem) as crashed:
        child.request("crash", {})
    assert crashed.value.code is Code.JOB_CRASHED
    assert child.request("echo", {})["payload"] == {}


@pytest.mark.parametrize("how", ["mumble", "hang_up"])
def test_one_that_cannot_be_understood_any_more_is_ended(child: WarmChild, how: str):
    pid = child.request("echo", {})["pid"]
    with pytest.raises(Problem) as ended:
        child.request(how, {}, timeout_s=60)
    assert ended.value.code is Code.JOB_CRASHED
    assert "unexpectedly" in ended.value.detail
    assert not psutil.pid_exists(pid)
    assert child.request("echo", {})["payload"] == {}


def test_no_answer_in_time_ends_it(child: WarmChild):
    with pytest.raises(Problem, match="no answer"):
        child.request("stubborn", {}, timeout_s=0.3)


def test_renewed_after_many_requests_or_much_memory():
    child = WarmChild("tests.house.warm_handlers", max_requests=2, max_memory_bytes=10**9)
    pids = [child.request("echo", {})["pid"] for _ in range(4)]
    child.kill()
    assert pids[0] == pids[1] != pids[2] == pids[3]

    child = WarmChild("tests.house.warm_handlers", max_requests=99, max_memory_bytes=100 * 2**20)
    first = child.request("grow", {"megabytes": 95})["pid"]
    second = child.request("echo", {})["pid"]
    child.kill()
    assert first != second


def test_one_that_takes_ever_more_memory_is_ended_before_the_machine_is():
    child = WarmChild("tests.house.warm_handlers", max_memory_bytes=300 * 2**20)
    pid = child.request("echo", {})["pid"]
    with pytest.raises(Problem) as ended:
        child.request("hoard", {})
    assert ended.value.code is Code.OUT_OF_MEMORY
    assert not psutil.pid_exists(pid)
    assert child.request("echo", {})["pid"] != pid
    child.kill()


def test_the_kernel_is_told_to_end_it_first(child: WarmChild):
    pid = child.request("echo", {})["pid"]
    assert int(Path(f"/proc/{pid}/oom_score_adj").read_text()) > 0


def test_a_module_that_does_not_import_is_told():
    child = WarmChild("tests.house.missing_module")
    with pytest.raises(Problem) as crashed:
        child.request("echo", {})
    assert crashed.value.code is Code.JOB_CRASHED


def test_it_ends_with_its_parent(child: WarmChild):
    pid = child.request("echo", {})["pid"]
    assert psutil.Process(pid).ppid() == os.getpid()
    assert child._process is not None
    assert child._process.stdin is not None
    child._process.stdin.close()  # what the system does when the parent dies
    psutil.Process(pid).wait(5)


def test_it_ends_with_its_parent_even_while_it_loads():
    """On a busy machine loading takes a minute: nothing may be left for so long."""
    child = WarmChild("tests.house.never_loaded")
    child.warm_up()
    deadline = time.monotonic() + 10
    while (process := child._process) is None:
        assert time.monotonic() < deadline
    assert process.stdin is not None
    process.stdin.close()
    psutil.Process(process.pid).wait(10)


def test_it_ends_with_a_worker_that_ends_well():
    """Whatever it does at that moment: the worker does not leave it to find out by itself."""
    code = (
        "import django, sys; django.setup();"
        "from jobs.warm_child import WarmChild;"
        "child = WarmChild('tests.house.warm_handlers');"
        "print(child.request('echo', {})['pid'])"
    )
    worker = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).resolve().parent.parent.parent,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert worker.returncode == 0, worker.stderr
    assert not psutil.pid_exists(int(worker.stdout))
