"""`python -m netloom.train SPEC.json`: the trainer process.

Events are JSON lines on `--event-fd` (standard output by default). The process ends when the pipe
`--control-fd` is closed at its other end. SIGTERM stops after a checkpoint, SIGUSR1 pauses.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from pydantic import ValidationError

from netloom.train.control import Control
from netloom.train.crew import Crew
from netloom.train.emitter import EventWriter
from netloom.train.events import Failed
from netloom.train.spec import TrainSpec, read_spec


def main(arguments: list[str] | None = None) -> int:
    """Run one specification; returns the exit status, 0 when the run ended as asked."""
    parser = argparse.ArgumentParser(prog="python -m netloom.train", description=__doc__)
    parser.add_argument("spec", type=Path, help="run specification (JSON)")
    parser.add_argument("--event-fd", type=int, default=1, help="where events are written")
    parser.add_argument("--control-fd", type=int, help="end when this pipe closes")
    parser.add_argument(
        "--estimate", action="store_true", help="print time and memory as JSON, do not train"
    )
    options = parser.parse_args(arguments)

    control = Control()
    control.install()
    if options.control_fd is not None:
        control.watch(options.control_fd)
    writer = EventWriter(options.event_fd)
    try:
        spec = read_spec(options.spec)
    except (OSError, ValidationError) as error:
        message = f"The run specification {options.spec} cannot be read: {_reason(error)}"
        writer.emit(Failed(time_s=time.time(), code="bad_spec", message=message))
        return 1
    # All are read when torch is loaded, further down. Threads that wait by spinning make a step
    # 10 to 30 times slower as soon as something else wants the same cores.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if spec.threads_per_device is not None:
        os.environ["OMP_NUM_THREADS"] = str(spec.threads_per_device)
    if spec.config.devices > 1:
        # Else torch says that looking for unused parameters is slow (see `share_gradients`).
        os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    from netloom.train.deferred_compiler import defer_compiler

    defer_compiler()
    if options.estimate:
        return _print_estimate(spec, writer)
    try:
        return 0 if _train(spec, writer, control) else 1
    except BrokenPipeError:
        # Nobody reads the events any more; there is nothing left to say it to.
        return 1


def _reason(error: OSError | ValidationError) -> str:
    if isinstance(error, OSError):
        return f"{error.strerror or error}."
    found = error.errors(include_url=False, include_input=False)
    if any(each["loc"] == ("graph",) for each in found):
        return (
            "it is a network. A specification names the network, its data and the settings of the "
            "run; `netloom transfer NETWORK --data FOLDER --run FOLDER --no-start` writes one."
        )
    where = ".".join(map(str, found[0]["loc"]))
    more = f", and {len(found) - 1:,} more" if len(found) > 1 else ""
    place = f" at {where}" if where else ""
    return f"{found[0]['msg']}{place}{more}. Correct it there, or write the specification again."


def _train(spec: TrainSpec, writer: EventWriter, control: Control) -> bool:
    if spec.config.devices == 1:
        from netloom.train.run import run_training

        return run_training(spec, writer, control)
    crew = Crew(spec, writer)
    try:
        from netloom.train.ranks import Meeting
        from netloom.train.run import run_training

        meeting = Meeting(0, spec.config.devices, crew.port, crew.listener, crew.pids)
        return run_training(spec, writer, control, meeting, crew.await_reason)
    finally:
        crew.close()


def _print_estimate(spec: TrainSpec, writer: EventWriter) -> int:
    from netloom.train.estimate import EstimateError, estimate

    try:
        sys.stdout.write(estimate(spec).model_dump_json() + "\n")
    except EstimateError as error:
        writer.emit(Failed(time_s=time.time(), code="bad_spec", message=str(error)))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
