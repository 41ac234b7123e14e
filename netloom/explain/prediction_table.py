"""Predictions as a CSV table. No torch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from netloom.explain.detection_results import ItemBoxes
from netloom.explain.results import ItemPrediction

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What spreadsheets take for the beginning of a formula."""


_SEPARATORS = re.compile(r"([;\t\r\n|])(?=\s*[=+\-@])")
"""What some spreadsheets take for the end of a cell, before what they would compute."""


def safe_cell(text: str) -> str:
    """Return a text that spreadsheets show and never compute: a quote stands before formulas.

    Also behind a semicolon or a tab, where spreadsheets of many countries begin another cell.
    """
    text = _SEPARATORS.sub(r"\1'", text)
    return f"'{text}" if text.startswith(_FORMULA) else text


def header(top_k: int) -> list[str]:
    """Return the names of the columns."""
    ranked = [name for rank in range(1, top_k + 1) for name in (f"class_{rank}", f"score_{rank}")]
    return ["image", "label", "right", *ranked, "problem"]


def row_of(
    name: str,
    found: ItemPrediction,
    classes: Sequence[str],
    top_k: int,
    label: str,
    is_right: bool | None,
) -> list[str]:
    """Return one image as cells, in the order of `header`; what is not known is empty.

    Args:
        name: Of the image.
        classes: Names of the network's outputs; it goes by numbers beyond them.
        label: What the image is, empty where nobody said it.
    """
    ranked = [
        cell
        for index, score in zip(found.classes[:top_k], found.scores[:top_k], strict=True)
        for cell in (safe_cell(class_name(classes, index)), f"{score:.6f}")
    ]
    ranked += [""] * (2 * top_k - len(ranked))
    right = {None: "", True: "yes", False: "no"}[is_right]
    return [safe_cell(name), safe_cell(label), right, *ranked, safe_cell(found.problem)]


BOX_HEADER = ("image", "x1", "y1", "x2", "y2", "score", "class", "problem")
"""Columns of a table with a row for each box, in pixels of the upright image."""


def box_rows(name: str, found: ItemBoxes, classes: Sequence[str]) -> Iterator[list[str]]:
    """Yield a row for each box, in the order of `BOX_HEADER`; one without a box where none is.

    Args:
        name: Of the image.
        classes: Names of the network's outputs; it goes by numbers beyond them.
    """
    shown = safe_cell(name)
    for box in found.boxes:
        corners = [f"{edge:.2f}" for edge in (box.x1, box.y1, box.x2, box.y2)]
        named = safe_cell(class_name(classes, box.label))
        yield [shown, *corners, f"{box.score:.4f}", named, ""]
    if not found.boxes:
        yield [shown, "", "", "", "", "", "", safe_cell(found.problem)]


def class_name(classes: Sequence[str], index: int) -> str:
    """Return the name of an output; its number where nobody named it."""
    return classes[index] if index < len(classes) else f"class {index}"
