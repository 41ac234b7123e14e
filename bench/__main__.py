"""`python -m bench [--json] [--only KEY,KEY] [--list]`: measure and print.

Every measure runs in a process of its own, so that no figure carries the memory, the threads or the
caches of another. A figure that cannot be had is printed with the reason. SIGTERM and Ctrl-C end
the studio that a measure has started, too.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from types import FrameType
from typing import Any

from bench.registry import Declaration, Figure, Measure, NotMeasurable, all_measures
from bench.table import print_declarations, print_header, print_row

Line = dict[str, Any]
LONGEST_S = 3600.0
"""A measure that takes longer is stuck; the others are still wanted."""
ENDS_WITHIN_S = 60.0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--only", default="", help="keys to measure, separated by commas")
    parser.add_argument("--list", action="store_true", help="print what can be measured")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _end_in_order)
    measures = all_measures()
    if options.list:
        print_declarations(measures)
        return 0
    if options.measure:
        return _measure_here(next(m for m in measures if m.name == options.measure))
    known = {key for measure in measures for key in measure.keys}
    wanted = {key for key in options.only.replace(" ", "").split(",") if key} or known
    if unknown := wanted - known:
        print(f"Nothing measures {', '.join(sorted(unknown))}. See --list.", file=sys.stderr)
        return 2
    show: Callable[[Line], None] = _print_json if options.json else print_row
    if not options.json:
        print_header()
    for measure in measures:
        if measure.keys & wanted:
            with closing(_measure_apart(measure)) as lines:
                for line in lines:
                    if line["name"] in wanted:
                        show(line)
    return 0


def _end_in_order(number: int, _frame: FrameType | None) -> None:
    """Let every `with` and `finally` do its work, as after Ctrl-C."""
    raise SystemExit(128 + number)


def _measure_apart(measure: Measure) -> Iterator[Line]:
    """Run one measure in its own process and pass on what it yields."""
    command = [sys.executable, "-m", "bench", "--measure", measure.name]
    missing = {declaration.key: declaration for declaration in measure.declarations}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        alarm = threading.Timer(LONGEST_S, process.terminate)
        alarm.start()
        try:
            for text in process.stdout or ():
                line = json.loads(text)
                missing.pop(line["name"], None)
                yield line
        finally:
            alarm.cancel()
            _end(process)
    reason = f"its process ended with status {process.returncode}"
    yield from (_line(declaration, None, reason) for declaration in missing.values())


def _end(process: subprocess.Popen[str]) -> None:
    """Have a process end what it has started, when it has not come to its end by itself."""
    try:
        process.wait(1)
    except subprocess.TimeoutExpired:
        process.terminate()
        try:
            process.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()


def _measure_here(measure: Measure) -> int:
    """Measure in this process. Standard output is for JSON alone, whatever a library prints."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    left = {declaration.key: declaration for declaration in measure.declarations}
    try:
        for key, figure in measure.action():
            print(json.dumps(_line(left.pop(key), figure)), file=out, flush=True)
        _say_missing(left.values(), "the measure ended without it", out)
    except NotMeasurable as error:
        _say_missing(left.values(), str(error), out)
        return 0
    except Exception as error:
        _say_missing(left.values(), f"{type(error).__name__}: {error}"[:400], out)
        raise
    return 0


def _say_missing(declarations: Iterable[Declaration], reason: str, out: Any) -> None:
    for declaration in declarations:
        print(json.dumps(_line(declaration, None, reason)), file=out, flush=True)


def _line(declaration: Declaration, figure: Figure | None, reason: str = "") -> Line:
    """Return one output object; `value` is null where the figure could not be had."""
    known = figure or Figure(0.0)
    known = known if known.goal else replace(known, goal=declaration.goal)
    goal = known.goal
    line: Line = {
        "name": declaration.key,
        "value": None if figure is None else float(f"{figure.value:.4g}"),
        "unit": declaration.unit,
        "goal": None if goal is None else goal.value,
        "goal_sense": None if goal is None else goal.sense,
        "is_met": None if goal is None or figure is None else goal.is_met(figure.value),
        "peer": known.peer,
        "model": known.model,
        "batch": known.batch,
        "threads": known.threads,
        "load": round(os.getloadavg()[0], 2),
        "note": known.note,
    }
    return line | ({"reason": reason} if figure is None else {})


def _print_json(line: Line) -> None:
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    sys.exit(main())
