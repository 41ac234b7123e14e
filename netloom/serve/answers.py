"""Answers to requests about trained networks.

Legend: B batch, C channels, H height, W width, K classes.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from netloom.compile.plan import plan_network
from netloom.data.decode import decode_image
from netloom.data.manifest import Item, Manifest
from netloom.explain.attribute import explain
from netloom.explain.detection_results import ItemBoxes
from netloom.explain.detections import detect_items
from netloom.explain.evaluation import evaluate
from netloom.explain.logits import predict
from netloom.explain.many import predict_items
from netloom.explain.results import ExplainError, ItemPrediction
from netloom.formats.bundle import make_meta, write_bundle
from netloom.serve.models import LoadedModel, ModelCache
from netloom.serve.pictures import coarse_url, data_url, grey_png, input_png, overlay_png
from netloom.serve.requests import (
    BundleRequest,
    ClassProbability,
    EvaluateRequest,
    ExplainAnswer,
    ExplainRequest,
    FileAnswer,
    PredictAnswer,
    PredictManyAnswer,
    PredictManyRequest,
    PredictRequest,
)
from netloom.train.checkpoint import read_checkpoint_weights


class Listener(Protocol):
    """Whoever waits for an answer."""

    def progress(
        self, fraction: float | None, message: str = "", data: dict[str, Any] | None = None
    ) -> None:
        """Hear how far it is; may raise to end the work."""
        ...

    def is_cancelled(self) -> bool:
        """True once nobody waits any more."""
        ...


class Answerer:
    """Answers requests, keeping the models it has loaded."""

    def __init__(self) -> None:
        self.models = ModelCache()

    def predict(self, request: PredictRequest, listener: Listener) -> PredictAnswer:
        """Return the likeliest classes of one image, or the boxes that a detector finds in it.

        Raises:
            DecodeError: The file is no image.
            ExplainError: The network neither classifies nor gives boxes.
        """
        listener.progress(None, "Loading the network")
        model = self.models.get(request.model)
        started = time.monotonic()
        pixels_CHW, size = _read_image(model, request.image)
        found = None
        ranked: list[ClassProbability] = []
        if model.detector is not None:
            pixels = torch.tensor(pixels_CHW)
            found = model.detector.found(pixels, size, request.boxes, model.classes)
        else:
            ranked = _ranked(model, _probabilities(model, pixels_CHW), request.top_k)
        return PredictAnswer(
            probabilities=ranked,
            found=found,
            input_shape=[1, *pixels_CHW.shape],
            input_png=data_url(input_png(pixels_CHW)),
            seconds=time.monotonic() - started,
        )

    def predict_many(self, request: PredictManyRequest, listener: Listener) -> PredictManyAnswer:
        """Write what the network says of each item, one JSON line each.

        Raises:
            ExplainError: The network neither classifies nor gives boxes.
            Cancelled: The listener is gone.
        """
        listener.progress(None, "Loading the network")
        model = self.models.get(request.model)
        num_done = 0
        with (
            request.items.open(encoding="utf-8") as lines,
            request.output.open("w", encoding="utf-8") as output,
        ):
            items = (Item.model_validate_json(line) for line in lines)
            for each in _each_item(model, items, request, listener):
                output.write(each.model_dump_json() + "\n")
                num_done += 1
                if num_done % 64 == 0:
                    share = num_done / request.num_items
                    listener.progress(share, f"{num_done:,} of {request.num_items:,} images")
        if model.detector is not None:
            return PredictManyAnswer(kind="boxes", classes=model.classes)
        names = [model.class_name(k) for k in range(num_outputs(model))]
        return PredictManyAnswer(kind="classes", classes=names)

    def explain(self, request: ExplainRequest, listener: Listener) -> ExplainAnswer:
        """Write the map of one image and return what it is about.

        Raises:
            DecodeError: The file is no image.
            ExplainError: This cannot be explained.
            Cancelled: The listener is gone.
        """
        listener.progress(None, "Loading the network")
        model = self.models.get(request.model)
        if model.detector is not None:
            raise ExplainError("A detector gives boxes: there is no class to explain.")
        started = time.monotonic()
        pixels_CHW, size = _read_image(model, request.image)
        probabilities_K = _probabilities(model, pixels_CHW)
        target = request.target_class
        target = int(probabilities_K.argmax()) if target is None else target

        def show(fraction: float, coarse_HW: NDArray[np.float32] | None) -> None:
            data = None if coarse_HW is None else {"coarse_url": coarse_url(coarse_HW)}
            listener.progress(fraction, f"Explaining {model.class_name(target)}", data)

        explanation = explain(
            model.network,
            _input_BCHW(model, pixels_CHW),
            request.explain,
            target_class=target,
            layer=request.layer,
            seed=request.seed,
            options=request.options,
            progress=show,
            should_cancel=listener.is_cancelled,
        )
        heatmap_HW, meta = explanation.heatmap_HW, explanation.meta
        _write_maps(request.output, heatmap_HW, explanation.segments_HW, pixels_CHW)
        return ExplainAnswer(
            layer=meta.layer,
            target_class=target,
            class_name=model.class_name(target),
            probability=float(probabilities_K[target]),
            min=float(heatmap_HW.min()),
            max=float(heatmap_HW.max()),
            r_squared=meta.r_squared,
            num_superpixels=meta.num_superpixels,
            num_samples=meta.num_samples,
            baseline=meta.baseline,
            seconds=time.monotonic() - started,
            rows_forwarded=meta.rows_forwarded + 1,
            width=heatmap_HW.shape[1],
            height=heatmap_HW.shape[0],
            source_box=list(model.preprocessing.source_box(*size)),
        )

    def evaluate(self, request: EvaluateRequest, listener: Listener) -> FileAnswer:
        """Write the evaluation of a split as JSON.

        Raises:
            Cancelled: The listener is gone.
        """
        listener.progress(None, "Loading the network")
        model = self.models.get(request.model)
        manifest = Manifest.read(request.manifest)
        evaluation = evaluate(
            model.network,
            manifest,
            request.manifest.parent,
            request.split,
            progress=lambda fraction: listener.progress(fraction, f"Evaluating on {request.split}"),
            should_cancel=listener.is_cancelled,
        )
        text = evaluation.model_dump_json()
        request.output.write_text(text)
        return FileAnswer(size_bytes=len(text))

    def bundle(self, request: BundleRequest, listener: Listener) -> FileAnswer:
        """Write a checkpoint as a bundle."""
        listener.progress(None, "Packing the network")
        model = self.models.get(request.model)
        meta = make_meta(
            model.document,
            classes=request.model.classes,
            metrics=request.metrics,
            description=request.description,
        )
        weights = read_checkpoint_weights(request.model.checkpoint)
        write_bundle(request.output, model.document, weights, meta)
        return FileAnswer(size_bytes=request.output.stat().st_size)


def num_outputs(model: LoadedModel) -> int:
    """How many classes the network tells apart, by its own shapes."""
    scope = plan_network(model.document)
    size = scope.outputs[0].shape[-1].size
    return size if isinstance(size, int) else len(model.classes)


def _each_item(
    model: LoadedModel, items: Iterable[Item], request: PredictManyRequest, listener: Listener
) -> Iterator[ItemPrediction | ItemBoxes]:
    folder = request.items.parent
    if model.detector is None:
        yield from predict_items(
            model.network,
            items,
            folder,
            top_k=request.top_k,
            should_cancel=listener.is_cancelled,
        )
    else:
        yield from detect_items(
            model.detector,
            items,
            folder,
            names=model.classes,
            should_cancel=listener.is_cancelled,
        )


def _ranked(
    model: LoadedModel, probabilities_K: NDArray[np.float32], top_k: int
) -> list[ClassProbability]:
    order: list[int] = np.argsort(-probabilities_K, kind="stable")[:top_k].tolist()
    return [
        ClassProbability(index=k, name=model.class_name(k), value=float(probabilities_K[k]))
        for k in order
    ]


def _read_image(model: LoadedModel, path: Path) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """Return the network's pixels and (height, width) of the upright original."""
    image_HWC = decode_image(path)
    size = (image_HWC.shape[0], image_HWC.shape[1])
    return model.preprocessing.to_uint8_CHW(image_HWC), size


def _input_BCHW(model: LoadedModel, pixels_CHW: NDArray[np.uint8]) -> torch.Tensor:  # noqa: N802
    batch_BCHW = torch.tensor(pixels_CHW)[None].to(model.device)
    return model.preprocessing.normalise(batch_BCHW)


def _probabilities(model: LoadedModel, pixels_CHW: NDArray[np.uint8]) -> NDArray[np.float32]:
    probabilities_BK = predict(model.network, _input_BCHW(model, pixels_CHW))
    return probabilities_BK[0].float().cpu().numpy()


def _write_maps(
    folder: Path,
    heatmap_HW: NDArray[np.float32],
    segments_HW: NDArray[np.int32] | None,
    pixels_CHW: NDArray[np.uint8],
) -> None:
    if segments_HW is not None:
        np.savez_compressed(folder / "data.npz", heatmap=heatmap_HW, segments=segments_HW)
    else:
        np.savez_compressed(folder / "data.npz", heatmap=heatmap_HW)
    (folder / "heatmap.png").write_bytes(grey_png(heatmap_HW))
    (folder / "image.png").write_bytes(input_png(pixels_CHW))
    (folder / "overlay.png").write_bytes(overlay_png(heatmap_HW, pixels_CHW))
