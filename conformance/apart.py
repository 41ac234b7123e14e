"""Jobs in processes of their own: what a large network held is gone after it, and so is a crash."""

from __future__ import annotations

import time
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection

import psutil

from conformance.report import STEPS, Job, Line, Report, Size, Suite, compared

_GB = 2**30
_LOOK_EVERY_S = 0.5
_END_WITHIN_S = 10
_context = get_context("forkserver")
_context.set_forkserver_preload(["conformance.jobs"])


def list_apart(suites: Sequence[Suite], size: Size, prefixes: Sequence[str]) -> list[Job]:
    """Return the jobs of some suites; this process itself never loads torch."""
    with _context.Pool(1) as pool:
        return pool.apply(_listed, (suites, size, prefixes))


def run_apart(job: Job, max_gb: float) -> tuple[Report, bool]:
    """Run a job in a process of its own, which may not hold more memory.

    Returns:
        The report, and whether it came to its end: a job that was killed may do better next time.
    """
    receiver, sender = _context.Pipe(duplex=False)
    process = _context.Process(target=_run, args=(job, sender))
    started = time.monotonic()
    process.start()
    sender.close()
    peak, problem = 0, ""
    try:
        while not receiver.poll(_LOOK_EVERY_S):
            peak = max(peak, _held(process.pid))
            if peak > max_gb * _GB:
                problem = f"it holds more than {max_gb:g} GB of memory"
                break
        if not problem:
            report: Report = receiver.recv()
            report.peak_gb = round(peak / _GB, 2)
            process.join(_END_WITHIN_S)
            return report, True
    except EOFError:
        process.join()
        problem = f"its process ended with {process.exitcode}"
    finally:
        process.kill()
        process.join()
    report = _killed(job, problem, time.monotonic() - started)
    report.peak_gb = round(peak / _GB, 2)
    return report, False


def _killed(job: Job, problem: str, seconds: float) -> Report:
    """Return the report of a job that did not come to its end: nothing of it is equal."""
    lines = [
        Line(step=step, name=job.name, is_equal=False, words=problem, seconds=seconds)
        for step in STEPS[job.suite]
    ]
    if job.suite != "onnx":
        return compared(job.suite, lines)
    failures = [f"{job.name}: {problem}"]
    return Report(lines=lines, counts={"onnx_crashes": 1}, failures=failures)


def _held(pid: int | None) -> int:
    try:
        return psutil.Process(pid).memory_info().rss
    except psutil.NoSuchProcess:
        return 0


def _listed(suites: Sequence[Suite], size: Size, prefixes: Sequence[str]) -> list[Job]:
    from conformance.jobs import all_jobs

    return all_jobs(suites, size, prefixes)


def _run(job: Job, sender: Connection) -> None:
    from conformance.jobs import run_job

    sender.send(run_job(job))
    sender.close()
