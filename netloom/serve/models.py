"""The trained networks that are loaded: a few, the least recently used goes first."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import Tensor

from netloom.compile import Network, build_module, load_weights
from netloom.compile.fitting import fit_weights
from netloom.data.preprocess import Preprocessing
from netloom.explain.detections import Detector
from netloom.explain.prediction_table import class_name
from netloom.graph.document import Document
from netloom.graph.migrations import load_document
from netloom.serve.requests import ModelFiles
from netloom.train.checkpoint import read_checkpoint_weights
from netloom.train.weights import WeightsError, read_weights

CAPACITY = 4


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A network with its trained weights, in evaluation mode.

    Attributes:
        detector: The same network, where it gives boxes.
    """

    document: Document
    network: Network
    preprocessing: Preprocessing
    classes: list[str]
    device: torch.device
    detector: Detector | None

    def class_name(self, index: int) -> str:
        """Return the name of a class; its number where nobody named it."""
        return class_name(self.classes, index)


class ModelCache:
    """Loaded models by the content of their checkpoint."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._models: OrderedDict[tuple[str, ...], LoadedModel] = OrderedDict()

    def get(self, files: ModelFiles) -> LoadedModel:
        """Return the model, loading it when it is not here.

        Raises:
            CheckpointError: The checkpoint is missing or damaged.
            WeightsError: The file is damaged, or lacks weights of the network.
            CompileError: The network has errors.
        """
        # Two files may hold the same weights for networks that differ in what they are fed.
        drawn = hashlib.sha256(files.document.read_bytes())
        if files.trained_as is not None:
            drawn.update(files.trained_as.read_bytes())
        key = (files.sha256, drawn.hexdigest(), *files.classes, files.device)
        if key in self._models:
            self._models.move_to_end(key)
            return self._models[key]
        model = _load(files)
        self._models[key] = model
        while len(self._models) > self._capacity:
            self._models.popitem(last=False)
        return model


def _load(files: ModelFiles) -> LoadedModel:
    document = load_document(files.document.read_bytes())
    network = build_module(document)
    read = read_weights if files.kind == "file" else read_checkpoint_weights
    _fill(network, read(files.checkpoint), files)
    device = torch.device(files.device)
    network.to(device).eval()
    network.requires_grad_(False)
    return LoadedModel(
        document=document,
        network=network,
        preprocessing=Preprocessing.from_document(document),
        classes=files.classes,
        device=device,
        detector=Detector.of(network),
    )


def _fill(network: Network, weights: dict[str, Tensor], files: ModelFiles) -> None:
    if files.trained_as is None:
        missing = load_weights(network, weights).missing
    else:
        fit = fit_weights(network, weights, load_document(files.trained_as.read_bytes()))
        missing = fit.kept
    if missing:
        names = ", ".join(missing[:5])
        raise WeightsError(f"The file lacks weights of this network: {names}.")
