"""`python -m conformance`: run the suites and say how many networks are equal."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from conformance.apart import list_apart, run_apart
from conformance.cache import Cache
from conformance.report import Job, Report, Suite, together

_SUITES: tuple[Suite, ...] = ("onnx", "torchvision", "detectors")
_CACHE = Path("var/conformance")


def main() -> int:
    """Run the suites, tell how each network does, print the counts; 1 when one fails.

    What was run before with the same code is told from the cache, so that a run which was stopped
    goes on where it was.
    """
    parser = argparse.ArgumentParser(prog="conformance")
    parser.add_argument("--json", action="store_true", help="answer with JSON")
    parser.add_argument("--small", action="store_true", help="small images where any size fits")
    parser.add_argument("--suite", choices=["all", *_SUITES], default="all")
    parser.add_argument("--only", default="", help="names that begin with this, several with ,")
    parser.add_argument("--cache", type=Path, default=_CACHE, help="folder of results")
    parser.add_argument("--fresh", action="store_true", help="run again what is in the cache")
    parser.add_argument("--max-gb", type=float, default=16, help="memory that a network may take")
    options = parser.parse_args()
    only: str = options.only
    jobs = list_apart(
        _SUITES if options.suite == "all" else [options.suite],
        "small" if options.small else "full",
        [prefix for prefix in only.split(",") if prefix],
    )
    cache = Cache(options.cache)
    reports: list[Report] = []
    for at, job in enumerate(jobs):
        report = None if options.fresh else cache.get(job)
        is_cached = report is not None
        if report is None:
            report = _run(job, cache, options.max_gb)
        for line in report.lines:
            source = ", cached" if is_cached else f", {report.peak_gb:.1f} GB"
            print(f"{at + 1:>3}/{len(jobs)} {line}{source}", file=sys.stderr, flush=True)
        reports.append(report)
    whole = together(reports)
    print(_named(whole), file=sys.stderr, flush=True)
    print(json.dumps(whole.counts) if options.json else _words(whole.counts))
    return 1 if whole.failures else 0


def _run(job: Job, cache: Cache, max_gb: float) -> Report:
    report, is_whole = run_apart(job, max_gb)
    if is_whole:
        cache.put(job, report)
    return report


def _named(whole: Report) -> str:
    """Return the largest differences, and failures and gaps by name."""
    told: list[str] = []
    for step in ("imported", "exported"):
        known = [(each.difference, each.name) for each in whole.lines
                 if each.step == step and each.difference is not None]  # fmt: skip
        if known:
            difference, name = max(known)
            told.append(f"Largest difference {step}: {difference:.1e} ({name})")
    told += [f"FAILED {failure}" for failure in whole.failures]
    told += [f"not supported: {gap}" for gap in whole.gaps]
    return "\n".join(told)


def _words(counts: Mapping[str, int]) -> str:
    lines = [
        f"{counts[kind]} of {counts[total]} {words}"
        for kind, total, words in (
            ("torchvision_equal", "torchvision_total", "networks of torchvision are equal"),
            ("torchvision_exported", "torchvision_exported_total", "go out to ONNX and come back"),
            ("detectors_equal", "detectors_total", "detectors of torchvision are equal"),
        )
        if kind in counts
    ]
    onnx = {key: value for key, value in counts.items() if key.startswith("onnx")}
    return "\n".join([*lines, *([f"Tests of ONNX: {json.dumps(onnx)}"] if onnx else [])])


if __name__ == "__main__":
    sys.exit(main())
