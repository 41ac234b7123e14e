"""The figures as a table for people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bench.registry import Goal, Measure

_COLUMNS = (
    ("figure", 30), ("value", 12), ("unit", 10), ("goal", 14), ("met", 5), ("batch", 6),
    ("threads", 8), ("load", 6),
)  # fmt: skip


def print_header() -> None:
    """Print the names of the columns."""
    print("".join(f"{title:<{width}}" for title, width in _COLUMNS) + "model · peer")


def print_row(line: dict[str, Any]) -> None:
    """Print one figure, and below it what else is to be known."""
    goal = "" if line["goal"] is None else f"{line['goal_sense']} {line['goal']:g}"
    met = {True: "yes", False: "NO", None: ""}[line["is_met"]]
    value = "-" if line["value"] is None else f"{line['value']:g}"
    numbers = [line[name] if line[name] is not None else "" for name in ("batch", "threads")]
    cells = (line["name"], value, line["unit"], goal, met, *numbers, line["load"])
    texts = [f"{cell!s:<{width}}" for cell, (_, width) in zip(cells, _COLUMNS, strict=True)]
    print("".join(texts) + " · ".join(part for part in (line["model"], line["peer"]) if part))
    for text in (line["note"], line.get("reason", "")):
        if text:
            print(f"    {text}", flush=True)


def print_declarations(measures: Iterable[Measure]) -> None:
    """Print every figure with its goal and meaning."""
    for measure in measures:
        for declared in measure.declarations:
            print(f"{declared.key:<34}{_goal(declared.goal, declared.unit):<24}{declared.about}")


def _goal(goal: Goal | None, unit: str) -> str:
    return unit if goal is None else f"{goal.sense} {goal.value:g} {unit}"
