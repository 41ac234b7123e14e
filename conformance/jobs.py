"""The jobs there are, small ones first, and the running of one."""

from __future__ import annotations

import gc
import time
from collections.abc import Sequence

from conformance.detectors import compared_detector, detector_entries, detector_shape
from conformance.onnx_suite import KINDS, counts_of, run_kind
from conformance.report import STEPS, Job, Line, Report, Size, Suite, compared
from conformance.torchvision_exports import exported
from conformance.torchvision_models import Comparison, compared_modules, entries, opened
from netloom.formats.zoo import ZooEntry

_SMALL_DETECTOR_PX = 192


def all_jobs(suites: Sequence[Suite], size: Size, prefixes: Sequence[str]) -> list[Job]:
    """Return the jobs of some suites whose names begin with one of the prefixes."""
    found: list[Job] = []
    if "onnx" in suites:
        found += [Job(suite="onnx", name=kind) for kind in KINDS]
    if "torchvision" in suites:
        found += [_job("torchvision", each, size) for each in _by_work(entries())]
    if "detectors" in suites:
        found += [_job("detectors", each, size) for each in _by_work(detector_entries())]
    return [job for job in found if job.name.startswith(tuple(prefixes) or "")]


def _job(suite: Suite, entry: ZooEntry, size: Size) -> Job:
    return Job(suite=suite, name=entry.name, size=size)


def _by_work(networks: Sequence[ZooEntry]) -> list[ZooEntry]:
    """Return networks in the order of what one sample costs, so that failures appear early."""

    def work(entry: ZooEntry) -> tuple[float, int]:
        facts = entry.default
        return (0.0, 0) if facts is None else (facts.gflops or 0.0, facts.parameters or 0)

    return sorted(networks, key=work)


def run_job(job: Job) -> Report:
    """Run a job in this process."""
    match job.suite:
        case "onnx":
            return _tests(job)
        case "torchvision":
            return _network(job)
        case "detectors":
            return _detector(job)


def _network(job: Job) -> Report:
    """Import a network, and write it and import that."""
    [entry] = [each for each in entries() if each.name == job.name]
    timer = _Timer()
    image: tuple[int, ...] = ()
    try:
        network = opened(entry, is_small=job.size == "small")
        image = tuple(network.image.shape)
        found = compared_modules(entry.name, network.module, network.imported, network.image)
    except Exception as error:  # noqa: BLE001 - a crash is a failure with a name
        problem = _failed(job, error)
        steps = STEPS[job.suite]
        return compared(job.suite, [_line(step, problem, image, timer) for step in steps])
    imported = _line("imported", found, image, timer)
    gc.collect()  # networks hold themselves, and large ones must go
    try:
        back = exported(entry.name, network)
    except Exception as error:  # noqa: BLE001 - a crash is a failure with a name
        back = _failed(job, error)
    return compared("torchvision", [imported, _line("exported", back, image, timer)])


def _detector(job: Job) -> Report:
    [entry] = [each for each in detector_entries() if each.name == job.name]
    timer = _Timer()
    side = _SMALL_DETECTOR_PX if job.size == "small" else None
    try:
        found = compared_detector(entry, shorter_side=side)
    except Exception as error:  # noqa: BLE001 - a crash is a failure with a name
        found = _failed(job, error)
    return compared("detectors", [_line("imported", found, detector_shape(entry), timer)])


def _tests(job: Job) -> Report:
    timer = _Timer()
    outcomes = run_kind(job.name)
    crashes = [each for each in outcomes if each.outcome == "crash"]
    gaps = [
        f"{each.name} ({each.operator}): {each.outcome}, {each.text[:300]}"
        for each in outcomes
        if each.outcome not in ("equal", "crash") and (each.is_counted or job.name != "node")
    ]
    counts = counts_of(job.name, outcomes)
    words = ", ".join(f"{name} {count}" for name, count in counts.items())
    seconds, cpu_s = timer.lap()
    line = Line(
        step="tests", name=job.name, is_equal=not crashes, words=words, seconds=seconds, cpu_s=cpu_s
    )
    failures = [f"{each.name}: crash, {each.text[:300]}" for each in crashes]
    return Report(lines=[line], counts=counts, failures=failures, gaps=gaps)


def _failed(job: Job, error: Exception) -> Comparison:
    return Comparison(job.name, f"{type(error).__name__}: {str(error)[:600]}")


def _line(step: str, found: Comparison, image: tuple[int, ...], timer: _Timer) -> Line:
    seconds, cpu_s = timer.lap()
    words = found.problem or (
        f"differs by {found.max_abs_diff:.1e} of {found.max_abs_value:.3g} (spread {found.std:.2g})"
        + (f", rounding {found.rounding:.1e}" if found.rounding else "")
    )
    return Line(
        step=step,
        name=found.name,
        is_equal=found.is_equal,
        words=words,
        image=image,
        difference=None if found.problem else found.max_abs_diff / max(1.0, found.max_abs_value),
        seconds=seconds,
        cpu_s=cpu_s,
    )


class _Timer:
    """Seconds since it was made or last asked, by the clock and of all threads."""

    def __init__(self) -> None:
        self._seen = (time.monotonic(), time.process_time())

    def lap(self) -> tuple[float, float]:
        before, self._seen = self._seen, (time.monotonic(), time.process_time())
        return self._seen[0] - before[0], self._seen[1] - before[1]
