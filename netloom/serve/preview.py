"""One sample through a network as it is drawn, with weights that are drawn or trained.

Legend: C channels, H height, W width, K classes.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netloom.compile import Network, build_module
from netloom.compile.fitting import Fit, fit_weights
from netloom.compile.plan import Scope, plan_network
from netloom.data.decode import decode_image
from netloom.explain.activation_results import NodeActivation, Picture, TensorSummary
from netloom.explain.activations import activations
from netloom.explain.box_picture import over_image, with_names
from netloom.explain.preview_inputs import preview_inputs
from netloom.explain.results import Cancelled
from netloom.explain.tensor_picture import image_picture
from netloom.graph.document import Document
from netloom.graph.migrations import load_document
from netloom.serve.answers import Listener
from netloom.serve.requests import FileAnswer, Preview, PreviewRequest, TrainedWeights
from netloom.train.checkpoint import read_checkpoint_weights
from netloom.train.weights import read_weights

_NAMED = 5
_BOXES_PX = 640
"""Longest side of the image that boxes are drawn on."""


@dataclass(frozen=True, slots=True)
class _Built:
    key: tuple[str, str | None, int]
    plan: Scope
    network: Network
    fit: Fit | None


class Previewer:
    """Shows what layers give, keeping the last network and the last weights it has loaded."""

    def __init__(self) -> None:
        self._built: _Built | None = None
        self._weights: tuple[str, dict[str, Tensor]] | None = None

    def preview(self, request: PreviewRequest, listener: Listener) -> FileAnswer:
        """Write the Preview of a request as JSON.

        Raises:
            Cancelled: Nobody waits any more.
            CheckpointError: The weights are missing or damaged.
            CompileError: The network has errors.
            DecodeError: The file is no image.
            PreviewError: The sample does not pass through.
        """
        started = time.monotonic()
        document = load_document(request.document.read_bytes())
        built = self._build(document, request)
        if listener.is_cancelled():
            raise Cancelled
        image_HWC = None if request.image is None else decode_image(request.image)
        inputs = preview_inputs(document, image_HWC, seed=request.sample_seed, plan=built.plan)
        nodes = activations(
            built.network,
            inputs.tensors,
            request.options,
            only=request.only,
            should_cancel=listener.is_cancelled,
            plan=built.plan,
        )
        longest_px = request.options.tile_px * (1 if request.only is None else 2)
        for node_id, pixels_CHW in inputs.pixels.items():
            if node_id in nodes:
                nodes[node_id] = _shown_as(nodes[node_id], image_picture(pixels_CHW, longest_px))
        _name_classes(document, nodes, request.classes)
        _draw_boxes(nodes, inputs.pixels, request.classes, _BOXES_PX)
        preview = Preview(
            nodes=nodes,
            notes=[*inputs.notes, *_fit_notes(built.fit)],
            num_fitted=None if built.fit is None else built.fit.num_fitted,
            num_tensors=None if built.fit is None else built.fit.num_tensors,
            seconds=time.monotonic() - started,
        )
        text = preview.model_dump_json()
        request.output.write_text(text)
        return FileAnswer(size_bytes=len(text))

    def _build(self, document: Document, request: PreviewRequest) -> _Built:
        """Compile the network unless it is the last one; its layers may be looked at closely."""
        trained = request.trained
        sha256 = None if trained is None else trained.sha256
        key = (document.graph.model_dump_json(), sha256, request.weights_seed)
        if self._built is None or self._built.key != key:
            plan = plan_network(document)
            network = build_module(document, seed=request.weights_seed, plan=plan)
            network.requires_grad_(False)
            fit = None
            if trained is not None:
                source = load_document(trained.document.read_bytes())
                fit = fit_weights(network, self._read(trained), source)
            self._built = _Built(key, plan, network, fit)
        return self._built

    def _read(self, trained: TrainedWeights) -> dict[str, Tensor]:
        if self._weights is None or self._weights[0] != trained.sha256:
            self._weights = None  # never two at a time in memory
            read = read_weights if trained.kind == "file" else read_checkpoint_weights
            self._weights = (trained.sha256, read(trained.checkpoint))
        return self._weights[1]


def _shown_as(activation: NodeActivation, picture: Picture) -> NodeActivation:
    first, *others = activation.outputs
    outputs = [first.model_copy(update={"picture": picture}), *others]
    return activation.model_copy(update={"outputs": outputs})


def _name_classes(document: Document, nodes: dict[str, NodeActivation], classes: list[str]) -> None:
    """Say at the outputs which class each number stands for, and which is highest."""
    for node_id, node in document.graph.nodes.items():
        activation = nodes.get(node_id)
        if node.type != "Output" or activation is None or not classes:
            continue
        output = activation.outputs[0]
        picture = output.picture
        if picture is None or picture.values is None or output.shape[1:] != [len(classes)]:
            continue
        named = picture.model_copy(
            update={"names": classes[picture.first : picture.first + len(picture.values)]}
        )
        shown = _shown_as(activation, picture if picture.is_pooled else named)
        note = _highest(output, picture, classes)
        nodes[node_id] = shown.model_copy(update={"notes": [*note, *shown.notes]})


def _draw_boxes(
    nodes: dict[str, NodeActivation],
    pixels: Mapping[str, NDArray[np.uint8]],
    classes: Sequence[str],
    longest_px: int,
) -> None:
    """Lay what was found over the image, where there is one real image that it can lie on."""
    images = list(pixels.values())

    def drawn(picture: Picture | None) -> Picture | None:
        if picture is None or picture.kind != "boxes":
            return picture
        named = with_names(picture, classes)
        if len(images) != 1:
            return named
        height, width = images[0].shape[1:]
        return over_image(named, image_picture(images[0], longest_px), (height, width))

    for node_id, activation in nodes.items():
        kinds = [output.picture.kind for output in activation.outputs if output.picture]
        if "boxes" in kinds:
            outputs = [
                output.model_copy(update={"picture": drawn(output.picture)})
                for output in activation.outputs
            ]
            nodes[node_id] = activation.model_copy(update={"outputs": outputs})


def _highest(output: TensorSummary, picture: Picture, classes: list[str]) -> list[str]:
    if picture.is_pooled or picture.num_shown < picture.num_all or picture.values is None:
        return []
    scores_K = torch.tensor([float("nan") if v is None else v for v in picture.values])
    if not bool(torch.isfinite(scores_K).all()):
        return []
    is_probability = (output.minimum or 0) >= 0 and abs(float(scores_K.sum()) - 1) < 1e-3
    shares_K = scores_K if is_probability else torch.softmax(scores_K, dim=0)
    best = int(shares_K.argmax())
    return [f"Highest: {classes[best]}, {float(shares_K[best]):.0%}."]


def _fit_notes(fit: Fit | None) -> list[str]:
    if fit is None or not fit.kept:
        return []
    names = ", ".join(fit.kept[:_NAMED])
    more = f" and {len(fit.kept) - _NAMED} more" if len(fit.kept) > _NAMED else ""
    return [
        f"{fit.num_fitted} of {fit.num_tensors} tensors were taken over; {names}{more} "
        "have random weights."
    ]
