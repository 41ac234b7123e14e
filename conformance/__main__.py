"""`python -m conformance`: run the suites and say how many networks are equal."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence

from conformance.detectors import compared_detector, detector_entries
from conformance.onnx_suite import summary
from conformance.torchvision_exports import exported
from conformance.torchvision_models import Comparison, compared_modules, entries, opened
from netloom.formats.imported import FormatError
from netloom.formats.zoo import ZooEntry

_SMALL_DETECTOR_PX = 192


def main() -> int:
    """Run the suites, tell how each network does, print the counts; 1 when one differs."""
    parser = argparse.ArgumentParser(prog="conformance")
    parser.add_argument("--json", action="store_true", help="answer with JSON")
    parser.add_argument("--small", action="store_true", help="small images where any size fits")
    parser.add_argument(
        "--suite", choices=["all", "onnx", "torchvision", "detectors"], default="all"
    )
    parser.add_argument("--only", default="", help="networks whose names begin with this")
    options = parser.parse_args()
    suite: str = options.suite
    counts: dict[str, int] = {}
    if suite in ("all", "onnx"):
        counts |= summary()
    if suite in ("all", "torchvision"):
        counts |= _torchvision(options.only, is_small=options.small)
    if suite in ("all", "detectors"):
        counts |= _detectors(options.only, is_small=options.small)
    print(json.dumps(counts) if options.json else _words(counts))
    return 0 if _is_well(counts) else 1


def _torchvision(prefix: str, *, is_small: bool) -> dict[str, int]:
    equal, written, total = 0, 0, 0
    for entry in _named(entries(), prefix):
        found, back = _compared(entry, is_small=is_small)
        total += 1
        equal += found.is_equal
        written += back.is_equal
    return {
        "torchvision_equal": equal,
        "torchvision_total": total,
        "torchvision_exported": written,
        "torchvision_exported_total": total,
    }


def _compared(entry: ZooEntry, *, is_small: bool) -> tuple[Comparison, Comparison]:
    """Import a network, and write it and import that; tell how each went."""
    started = time.monotonic()
    try:
        network = opened(entry, is_small=is_small)
        found = compared_modules(entry.name, network.module, network.imported, network.image)
        _tell("imported", found, started)
        started = time.monotonic()
        back = exported(entry.name, network)
    except FormatError as error:
        found = back = Comparison(entry.name, str(error))
    _tell("exported", back, started)
    return found, back


def _detectors(prefix: str, *, is_small: bool) -> dict[str, int]:
    equal, total = 0, 0
    for entry in _named(detector_entries(), prefix):
        started = time.monotonic()
        side = _SMALL_DETECTOR_PX if is_small else None
        try:
            found = compared_detector(entry, shorter_side=side)
        except FormatError as error:
            found = Comparison(entry.name, str(error))
        _tell("imported", found, started)
        total += 1
        equal += found.is_equal
    return {"detectors_equal": equal, "detectors_total": total}


def _named(networks: Sequence[ZooEntry], prefix: str) -> Iterator[ZooEntry]:
    return (entry for entry in networks if entry.name.startswith(prefix))


def _tell(what: str, found: Comparison, started: float) -> None:
    words = found.problem or (
        f"differs by {found.max_abs_diff:.1e} of {found.max_abs_value:.3g} (spread {found.std:.2g})"
    )
    mark = "equal" if found.is_equal else "DIFFERS"
    seconds = f"{time.monotonic() - started:.1f} s"
    print(f"{mark:<8}{what:<10}{found.name:<34}{words}  {seconds}", file=sys.stderr, flush=True)


def _is_well(counts: Mapping[str, int]) -> bool:
    """Nothing crashed, and all networks are equal."""
    kinds = ("torchvision_equal", "torchvision_exported", "detectors_equal")
    totals = ("torchvision_total", "torchvision_exported_total", "detectors_total")
    pairs = zip(kinds, totals, strict=True)
    is_equal = all(counts.get(kind, 0) == counts.get(total, 0) for kind, total in pairs)
    return is_equal and not counts.get("onnx_crashes")


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
