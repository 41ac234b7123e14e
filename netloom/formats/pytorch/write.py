"""Writes PyTorch source with weights: a folder, or the same as a zip."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from netloom import __version__
from netloom.compile.source import generate_source
from netloom.data.preprocess import Preprocessing, PreprocessingError
from netloom.formats.error_gaps import error_gaps
from netloom.formats.exported import ExportGap, ExportOptions, Written
from netloom.formats.imported import ImportedNetwork, ParityCheck
from netloom.formats.own.bundle_writer import meta_now
from netloom.formats.packing import pack_folder
from netloom.formats.pytorch.texts import predict_text, readme_text
from netloom.formats.read_progress import Progress
from netloom.graph.document import Document
from netloom.layers.shapes import shape_json
from netloom.readback.syntax import parse_file

if TYPE_CHECKING:
    from torch import Tensor

    from netloom.formats.runnable import Runnable

WEIGHTS = "weights.safetensors"
LOAD = "from predict import load_network\nnetwork = load_network()"
"""How a fresh process makes the network of the folder."""


def gaps(document: Document, options: ExportOptions) -> Sequence[ExportGap]:
    """Whatever runs can be written: PyTorch is what runs it."""
    del options
    return error_gaps(document)


def write(
    network: ImportedNetwork, path: Path, options: ExportOptions, progress: Progress
) -> Written:
    """Write a folder, or a zip of one where the name says so, and run it in a fresh process."""
    del options
    from netloom.formats.runnable import judged, make_runnable

    is_zip = path.suffix.lower() == ".zip"
    folder = path.with_suffix("") if is_zip else path
    runnable = make_runnable(network)
    source = write_folder(network, runnable, folder)
    progress(0.5, "Running what was written in a fresh process")
    inputs = runnable.examples(batch=2)
    parity = check_folder(runnable, source, folder, inputs, "random (batch 2)")
    notes = [*runnable.notes, *judged(parity)]
    if packages := packages_of(source):
        notes.append(f"It needs the packages its layers come from: {', '.join(packages)}.")
    if is_zip:
        progress(0.9, "Packing")
        pack_folder(folder, path, stored=(WEIGHTS,))
    return Written(notes, parity)


def write_folder(network: ImportedNetwork, runnable: Runnable, folder: Path) -> str:
    """Write the files into a new folder; return the source among them."""
    source = generate_source(network.document)
    folder.mkdir()
    _write_texts(network, runnable, source, folder)
    _write_weights(runnable, folder / WEIGHTS)
    return source


def check_folder(
    runnable: Runnable, source: str, folder: Path, inputs: Sequence[Tensor], text: str
) -> ParityCheck:
    """Compare what the folder computes in a fresh process with what the network computes.

    Args:
        text: What the inputs are, for the report.

    Raises:
        ExportError: It does not run.
    """
    from netloom.formats.fresh import run_fresh
    from netloom.formats.runnable import compare, fresh_torch

    given = run_fresh(LOAD, folder, inputs, has_netloom=bool(packages_of(source)))
    return compare(runnable.run(inputs), given, oracle=fresh_torch(), inputs=text)


def packages_of(source: str) -> list[str]:
    """Return the packages beside torch that generated source imports."""
    found = [line.split()[1] for line in source.splitlines() if line.startswith("import ")]
    return sorted({name.partition(".")[0] for name in found} - {"torch"})


def _write_texts(network: ImportedNetwork, runnable: Runnable, source: str, folder: Path) -> None:
    class_name = list(parse_file(source)[0].classes)[-1]
    takes_image = _takes_image(network.document)
    meta = meta_now(network)
    about = {
        "name": network.document.graph.name,
        "class": class_name,
        "inputs": [
            {"name": spec.name, "shape": shape_json(spec.shape), "kind": spec.kind}
            for spec in runnable.inputs
        ],
        "outputs": list(runnable.outputs),
        "classes": meta.classes,
        "preprocessing": meta.preprocessing,
        "metrics": meta.metrics,
        "licence": meta.licence,
        "description": meta.description,
        "written_by": f"Netloom {__version__}",
    }
    needed = ["torch", "safetensors", "numpy", *(["pillow"] if takes_image else [])]
    texts = {
        "network.py": source,
        "predict.py": predict_text(
            class_name, [spec.name for spec in runnable.inputs], takes_image=takes_image
        ),
        "about.json": json.dumps(about, indent=1, ensure_ascii=False) + "\n",
        "README.md": readme_text(
            network.document.graph.name,
            class_name,
            __version__,
            meta.licence,
            takes_image=takes_image,
        ),
        "requirements.txt": "".join(f"{name}\n" for name in [*needed, *packages_of(source)]),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def _takes_image(document: Document) -> bool:
    """Say whether an image file is all that the network needs."""
    try:
        Preprocessing.from_document(document)
    except PreprocessingError:
        return False
    return sum(node.type.endswith("Input") for node in document.graph.nodes.values()) == 1


def _write_weights(runnable: Runnable, path: Path) -> None:
    """Write the state dict; what several modules share is in the file once."""
    from safetensors.torch import save_model

    save_model(runnable.module, str(path))
