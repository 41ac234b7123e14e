"""`python -m netloom.train.rank`: one more device of a run; started by rank 0 alone.

The specification comes on standard input. Signals are for rank 0, which tells the others.
"""

from __future__ import annotations

import argparse
import signal
import sys

from netloom.train.control import Control
from netloom.train.crew import FOLLOWED_EXIT_CODE
from netloom.train.emitter import ReportWriter
from netloom.train.spec import TrainSpec


def main() -> int:
    """Train one rank's share of a run; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m netloom.train.rank", description=__doc__)
    for name in ("--index", "--port", "--alive-fd", "--report-fd"):
        parser.add_argument(name, type=int, required=True)
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)
    control = Control()
    control.watch(options.alive_fd)
    spec = TrainSpec.model_validate_json(sys.stdin.buffer.read())
    writer = ReportWriter(options.report_fd)

    from netloom.train.deferred_compiler import defer_compiler

    defer_compiler()
    from netloom.train.ranks import Meeting
    from netloom.train.run import run_training

    meeting = Meeting(options.index, spec.config.devices, options.port)
    if run_training(spec, writer, control, meeting):
        return 0
    return 1 if writer.has_ended else FOLLOWED_EXIT_CODE


if __name__ == "__main__":
    sys.exit(main())
