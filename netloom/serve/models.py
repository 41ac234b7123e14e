"""The trained networks that are loaded: a few, the least recently used goes first."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import torch

from netloom.compile import Network, build_module, load_weights
from netloom.data.preprocess import Preprocessing
from netloom.graph.document import Document
from netloom.graph.migrations import load_document
from netloom.serve.requests import ModelFiles
from netloom.train.checkpoint import read_checkpoint_weights

CAPACITY = 4


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A network with its trained weights, in evaluation mode."""

    document: Document
    network: Network
    preprocessing: Preprocessing
    classes: list[str]
    device: torch.device


class ModelCache:
    """Loaded models by the content of their checkpoint."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._models: OrderedDict[tuple[str, str], LoadedModel] = OrderedDict()

    def get(self, files: ModelFiles) -> LoadedModel:
        """Return the model, loading it when it is not here.

        Raises:
            CheckpointError: The checkpoint is missing or damaged.
            CompileError: The network has errors.
        """
        key = (files.sha256, files.device)
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
    report = load_weights(network, read_checkpoint_weights(files.checkpoint))
    if report.initialised or report.mismatched:
        names = ", ".join([*report.initialised, *(str(one) for one in report.mismatched)][:5])
        raise ValueError(f"The checkpoint lacks weights of this network: {names}")
    device = torch.device(files.device)
    network.to(device).eval()
    network.requires_grad_(False)
    return LoadedModel(
        document=document,
        network=network,
        preprocessing=Preprocessing.from_document(document),
        classes=files.classes,
        device=device,
    )
