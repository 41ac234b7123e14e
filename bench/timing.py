"""Two sides in turn, so that noise of the machine hits both."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of the clock on the wall, and of the processor (all threads of this process)."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Ratio:
    """How much longer one side takes.

    Attributes:
        wall, cpu: Median over the rounds of each round's own ratio.
        ours_s, peer_s: Median seconds of each side.
    """

    wall: float
    cpu: float
    ours_s: float
    peer_s: float
    rounds: int

    @property
    def note(self) -> str:
        """Both clocks. Processor time decides where one thread computes: what else runs on the
        machine lengthens the clock on the wall much more."""
        return (
            f"by processor time, median of {self.rounds} rounds; on the wall {self.wall:.3f} "
            f"({self.ours_s:.3g} s to {self.peer_s:.3g} s)"
        )


def spent(action: Callable[[], object]) -> Spent:
    """Measure one call."""
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return Spent(time.perf_counter() - wall, time.process_time() - cpu)


def in_turn(
    ours: Callable[[], Spent], peer: Callable[[], Spent], rounds: int, warm_up: int = 1
) -> Ratio:
    """Measure A B, B A, A B ... and compare each round with itself.

    The machine's other work comes and goes; within a round both sides see about the same of it.
    """
    for _ in range(warm_up):
        ours(), peer()
    pairs: list[tuple[Spent, Spent]] = []
    for index in range(rounds):
        gc.collect()
        if index % 2:
            second = peer()
            pairs.append((ours(), second))
        else:
            first = ours()
            pairs.append((first, peer()))
    return Ratio(
        wall=statistics.median(a.wall_s / b.wall_s for a, b in pairs),
        cpu=statistics.median(a.cpu_s / b.cpu_s for a, b in pairs),
        ours_s=statistics.median(a.wall_s for a, _ in pairs),
        peer_s=statistics.median(b.wall_s for _, b in pairs),
        rounds=rounds,
    )


def quantile(values: list[float], share: float) -> float:
    """Return the smallest value that at least `share` of all are not above."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1))]
