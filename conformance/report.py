"""What came of a job: how its networks did, counts that add up, failures by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Suite = Literal["onnx", "torchvision", "detectors"]
Size = Literal["full", "small"]
STEPS: Mapping[Suite, Sequence[str]] = {
    "onnx": ("tests",),
    "torchvision": ("imported", "exported"),
    "detectors": ("imported",),
}
"""What a job of a suite compares, one line for each."""


class Job(BaseModel):
    """What is run, told and cached as one.

    Attributes:
        name: Of a network, or of a kind of tests of ONNX.
        size: Of images: the network's own, or small where it takes any.
    """

    model_config = ConfigDict(frozen=True)

    suite: Suite
    name: str
    size: Size = "full"


class Line(BaseModel):
    """How one comparison went.

    Attributes:
        step: `imported`, `exported` or `tests`.
        image: Shape of what both were run on, samples first; empty without one.
        difference: Largest absolute difference in shares of the largest output, or of 1 where
            that is larger; None where nothing could be compared.
        seconds: By the clock, and `cpu_s` of all threads, which says more on a shared machine.
    """

    step: str
    name: str
    is_equal: bool
    words: str
    image: tuple[int, ...] = ()
    difference: float | None = None
    seconds: float = 0.0
    cpu_s: float = 0.0

    def __str__(self) -> str:
        mark = "equal" if self.is_equal else "DIFFERS"
        image = "x".join(str(side) for side in self.image)
        times = f"{self.seconds:.0f} s ({self.cpu_s:.0f} s CPU)"
        return f"{mark:<8}{self.step:<9}{self.name:<38}{self.words}  {image}  {times}"


class Report(BaseModel):
    """What came of a job.

    Attributes:
        counts: By name; those of several jobs are added.
        failures: What must not be, in words that begin with a name.
        gaps: Tests that fail without a crash: they tell what is not supported.
        peak_gb: Most memory that its process held.
    """

    lines: list[Line] = Field(default_factory=list[Line])
    counts: dict[str, int] = Field(default_factory=dict[str, int])
    failures: list[str] = Field(default_factory=list[str])
    gaps: list[str] = Field(default_factory=list[str])
    peak_gb: float = 0.0


def compared(suite: Suite, lines: Sequence[Line]) -> Report:
    """Return the lines of one network as a report that counts them."""
    counts: dict[str, int] = {}
    for line in lines:
        is_import = line.step == "imported"
        counts[f"{suite}_{'equal' if is_import else line.step}"] = int(line.is_equal)
        counts[f"{suite}_{'' if is_import else line.step + '_'}total"] = 1
    failures = [f"{each.name} {each.step}: {each.words}" for each in lines if not each.is_equal]
    return Report(lines=list(lines), counts=counts, failures=failures)


def together(reports: Iterable[Report]) -> Report:
    """Return reports as one: counts added, the rest one after the other."""
    whole = Report()
    for each in reports:
        whole.lines += each.lines
        whole.failures += each.failures
        whole.gaps += each.gaps
        whole.peak_gb = max(whole.peak_gb, each.peak_gb)
        for name, count in each.counts.items():
            whole.counts[name] = whole.counts.get(name, 0) + count
    return whole
