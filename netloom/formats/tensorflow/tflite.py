"""Writes a file of TensorFlow Lite (now LiteRT): operators that every runtime of it has."""

from __future__ import annotations

import tempfile
from pathlib import Path

from pydantic import Field

from netloom.formats.exported import ExportOptions, Written
from netloom.formats.imported import ImportedNetwork
from netloom.formats.keras.write import Options as KerasOptions
from netloom.formats.keras.write import gaps
from netloom.formats.read_progress import Progress
from netloom.formats.tensorflow.about import write_behind
from netloom.formats.tensorflow.environment import lacking

__all__ = ["Options", "gaps", "lacking", "write"]


class Options(KerasOptions):
    """What can be chosen of a file of TensorFlow Lite."""

    batch: int = Field(
        default=1,
        ge=1,
        le=65_536,
        title="Batch",
        description="Samples at once; the file takes exactly so many.",
    )
    half_precision: bool = Field(
        default=False,
        title="Weights in half precision",
        description="Half the size. What it computes differs a little; the report says how much.",
    )


def write(
    network: ImportedNetwork, path: Path, options: ExportOptions, progress: Progress
) -> Written:
    """Write the file, and have TensorFlow Lite compute it in a process of its own."""
    from netloom.formats.tensorflow.writing import convert_network

    chosen = options if isinstance(options, Options) else Options()
    with tempfile.TemporaryDirectory(prefix="netloom-tensorflow-") as name:
        return convert_network(
            network, "tflite", path.absolute(), Path(name), progress,
            add_about=write_behind, takes_pixels=chosen.takes_pixels, batch=chosen.batch,
            rounds_weights=chosen.half_precision,
        )  # fmt: skip
