"""The network of a run with its first weights: random ones, or those of networks trained before."""

from __future__ import annotations

from pathlib import Path

import torch

from netloom.compile import Network, build_module, load_weights
from netloom.surgery.remap import Remapped, remap_weights
from netloom.surgery.renaming import find_merged
from netloom.train.emitter import EventWriter
from netloom.train.spec import TrainSpec
from netloom.train.weights import read_weights


def build_network(spec: TrainSpec, writer: EventWriter, device: torch.device) -> Network:
    """Compile the network and give it its first weights, saying what fitted."""
    module = build_module(spec.document, seed=spec.config.seed)
    if spec.initial_weights is None and spec.merged_weights is None:
        return module.to(device)
    first, merged = _first(spec), _merged(spec)
    # Layers of both are those of a network merged with itself; this network's own come first.
    report = load_weights(module, {**merged.weights, **first.weights})
    total = len(report.loaded) + len(report.initialised) + len(report.mismatched)
    parts = [f"Initial weights: {len(report.loaded)} of {total} tensors fit."]
    if spec.merged_weights is not None:
        loaded = [key for key in report.loaded if key in merged.weights.keys() - first.weights]
        parts.append(f"{len(loaded)} of them come from the network that was merged into this one.")
    resized = [*first.resized, *(key for key in merged.resized if key not in first.resized)]
    if resized:
        parts.append(f"{len(resized)} of them made wider or narrower: {_listed(resized)}.")
    for names, text in (
        ([m.key for m in report.mismatched], "Other shape, so newly initialised"),
        (report.initialised, "Not in the file, so newly initialised"),
        (report.left_over, "In the file but not used"),
    ):
        if names:
            parts.append(f"{text}: {_listed(list(names))}.")
    level = "warning" if report.initialised or report.mismatched else "info"
    writer.log(level, " ".join(parts))
    return module.to(device)


def _first(spec: TrainSpec) -> Remapped:
    """Read the first weights, and remap those of layers whose width changed since."""
    if spec.initial_weights is None:
        return Remapped({}, ())
    weights = read_weights(Path(spec.initial_weights))
    if spec.initial_document is None:
        return Remapped(weights, ())
    return remap_weights(spec.initial_document, spec.document, weights)


def _merged(spec: TrainSpec) -> Remapped:
    """Read the weights of a merged network under the names that its layers have here."""
    if spec.merged_weights is None:
        return Remapped({}, ())
    weights = read_weights(Path(spec.merged_weights))
    other = spec.merged_document
    part = None if other is None else find_merged(other, spec.document)
    if part is None:
        return Remapped(weights, ())
    renamed = {name: tensor for key, tensor in weights.items() for name in part.keys(key)}
    return remap_weights(part.document, spec.document, renamed)


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"
