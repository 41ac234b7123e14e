"""What is measured: every figure is declared once, beside the function that measures it.

This module and the declarations import no torch, so that listing them is quick.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Literal

MODULES = (
    "analysis", "training", "explaining", "editing", "studio", "gallery", "screen", "scale", "gpu",
    "formats", "file_memory",
)  # fmt: skip


class NotMeasurable(Exception):
    """This machine cannot say the figure; the text says why."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure should reach."""

    sense: Literal["at most", "at least"]
    value: float

    def is_met(self, value: float) -> bool:
        """Whether a figure is on the right side."""
        return value <= self.value if self.sense == "at most" else value >= self.value


@dataclass(frozen=True, slots=True)
class Declaration:
    """A figure before it is measured.

    Attributes:
        key: Its name in the output and in `ONLY=`.
        goal: None where the figure is only to be known.
        about: What it says, in a sentence.
    """

    key: str
    unit: str
    goal: Goal | None
    about: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with what it was measured on.

    Attributes:
        peer: What it is compared with.
        model: The network, or the data where no network takes part.
        threads: Threads of each side, None where processes of a studio share the machine.
        goal: Replaces the declared one where it follows from another figure of the same run.
        note: What else a reader should know, such as both sides of a ratio.
    """

    value: float
    peer: str = ""
    model: str = ""
    batch: int | None = None
    threads: int | None = None
    goal: Goal | None = None
    note: str = ""


Action = Callable[[], Iterator[tuple[str, Figure]]]


@dataclass(frozen=True, slots=True)
class Measure:
    """A function and the figures it yields, each as soon as it is known."""

    name: str
    action: Action
    declarations: tuple[Declaration, ...]

    @property
    def keys(self) -> set[str]:
        return {declaration.key for declaration in self.declarations}


_MEASURES: dict[str, Measure] = {}


def at_most(value: float) -> Goal:
    return Goal("at most", value)


def at_least(value: float) -> Goal:
    return Goal("at least", value)


def gives(*declarations: Declaration) -> Callable[[Action], Action]:
    """Declare the figures that a function measures."""

    def register(action: Action) -> Action:
        name = f"{action.__module__.rpartition('.')[2]}.{action.__name__}"
        taken = {key for measure in _MEASURES.values() for key in measure.keys}
        for declaration in declarations:
            if declaration.key in taken:
                raise ValueError(f"{declaration.key} is declared twice")
        _MEASURES[name] = Measure(name, action, declarations)
        return action

    return register


def all_measures() -> list[Measure]:
    """Return every measure in the order of `MODULES`."""
    for module in MODULES:
        import_module(f"bench.{module}")
    return list(_MEASURES.values())
