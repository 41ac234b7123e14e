"""What an ONNX file says beside its graph: its maker, class names, how images become its input."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from onnx import ModelProto
from pydantic import ValidationError

from netloom import __version__
from netloom.formats.bundle import MAX_CLASS_NAME, BundleMeta, make_meta
from netloom.formats.imported import ImportedNetwork
from netloom.formats.own.bundle_writer import meta_now
from netloom.formats.scaling import scaling_notes
from netloom.graph.document import Document
from netloom.layers.input_output import ImageInput, ImageInputParams

CLASS_NAMES = "class_names"
PREPROCESSING = "preprocessing"
PRODUCER = "Netloom"


def describe_model(model: Any, network: ImportedNetwork) -> None:
    """Write name, maker, class names and preprocessing into a model of onnx_ir."""
    meta = meta_now(network)
    model.producer_name, model.producer_version = PRODUCER, __version__
    model.graph.name = network.document.graph.name
    model.doc_string = meta.description or None
    said = {
        CLASS_NAMES: json.dumps(meta.classes, ensure_ascii=False) if meta.classes else "",
        PREPROCESSING: json.dumps(meta.preprocessing) if meta.preprocessing else "",
        "metrics": json.dumps(meta.metrics) if meta.metrics else "",
        "licence": meta.licence,
    }
    model.metadata_props.update({key: text for key, text in said.items() if text})


def pixel_notes(document: Document) -> list[str]:
    """Say what has to be done with pixels before they are given to the file."""
    found: list[str] = []
    for node in document.graph.nodes.values():
        if node.type != ImageInput.type_name:
            continue
        params = ImageInputParams.model_validate(node.params)
        mean, std = ([f"{value:g}" for value in values] for values in (params.mean, params.std))
        steps = "pixels divided by 255"
        if any(params.mean) or any(value != 1 for value in params.std):
            steps += f", minus {', '.join(mean)}, divided by {', '.join(std)}"
        found.append(
            f"{node.name} takes {steps}: the file does not do that itself, and says the numbers in "
            f"its metadata under “{PREPROCESSING}”."
        )
    return found


def read_metadata(model: ModelProto, document: Document) -> tuple[BundleMeta, list[str]]:
    """Return what a file says beside its graph; how images become its input goes into the document.

    What is not understood is left out: files of others use the same words for other things. Of
    class names it is said, in the second thing that is returned, and how pixels are taken where the
    file does not tell.
    """
    said = {entry.key: entry.value for entry in model.metadata_props}
    preprocessing = _parsed(said.get(PREPROCESSING, ""))
    unsaid: list[str] = []
    if isinstance(preprocessing, dict):
        _prepare_images(document, cast("dict[str, Any]", preprocessing))
    else:
        unsaid = scaling_notes(document)
    made = make_meta(document, licence=said.get("licence", "")[:4000])
    if not said.get(CLASS_NAMES):
        return made, unsaid
    classes, cut = _shortened(_parsed(said[CLASS_NAMES]))
    try:
        meta = BundleMeta.model_validate({**made.model_dump(), "classes": classes})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        return made, [
            *unsaid,
            f"The file's “{CLASS_NAMES}” were not taken ({first['msg'][:200]}): classes are called "
            "by their numbers. Write them there as a JSON list of texts, in the output's order.",
        ]
    return meta, [*unsaid, *cut]


def _shortened(classes: object) -> tuple[object, list[str]]:
    """Cut names that are too long: without one, those behind it would be of other outputs."""
    if not isinstance(classes, list):
        return classes, []
    given = cast("list[object]", classes)
    texts = [name[:MAX_CLASS_NAME] if isinstance(name, str) else name for name in given]
    long = [f"{at}" for at, name in enumerate(given) if name != texts[at]]
    if not long:
        return texts, []
    more = f" and {len(long) - 5:,} more" if len(long) > 5 else ""
    return texts, [
        f"Class names have at most {MAX_CLASS_NAME:,} signs. Cut short: the name of class "
        f"{', '.join(long[:5])}{more}."
    ]


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _prepare_images(document: Document, said: Mapping[str, Any]) -> None:
    """Set resizing and normalisation of the one image input, where they fit its size."""
    inputs = [n for n in document.graph.nodes.values() if n.type == ImageInput.type_name]
    if len(inputs) != 1:
        return
    drawn = inputs[0].params
    told = {name: said[name] for name in ("resize_policy", "mean", "std") if name in said}
    try:
        params = ImageInputParams.model_validate({**drawn, **told})
    except ValidationError:
        return
    read = params.model_dump(mode="json")
    inputs[0].params.update({name: read[name] for name in told})
