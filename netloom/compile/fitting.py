"""Weights of one network put into another: by node id, and by name where the ids differ.

A layer that went into a block or came out of one is the same layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from netloom.compile.module import Network
from netloom.compile.weights import COUNTER, load_weights, state_weights
from netloom.graph.document import Document
from netloom.graph.regrouped import match_regrouped


@dataclass(frozen=True, slots=True)
class Fit:
    """How much of a network's weights came from elsewhere.

    Attributes:
        num_fitted: Tensors of the network that were taken over.
        num_tensors: Tensors the network has, parameters and statistics.
        kept: Name paths of layers with a tensor that kept its own values, in network order; by a
            counter of batches alone nothing is computed.
    """

    num_fitted: int
    num_tensors: int
    kept: tuple[str, ...]


def fit_weights(network: Network, weights: Mapping[str, Tensor], source: Document) -> Fit:
    """Copy every tensor that has a place in `network`; the others keep their values.

    A tensor belongs to the node of the same id; failing that, to the one of the same name path.

    Args:
        weights: By weight key, as a checkpoint holds them.
        source: The network they were trained in.
    """
    document = network.netloom_origins.document
    by_name = {_name_key(source, key): tensor for key, tensor in weights.items()}
    own = state_weights(network)
    former = match_regrouped(map(_path, weights), map(_path, own))
    chosen: dict[str, Tensor] = {}
    for key, tensor in own.items():
        path = _path(key)
        regrouped = weights.get(former.get(path, path) + key[len(path) :])
        for candidate in (regrouped, by_name.get(_name_key(document, key))):
            if candidate is not None and candidate.shape == tensor.shape:
                chosen[key] = candidate
                break
    report = load_weights(network, chosen)
    fitted = set(report.loaded)
    left = [key for key in own if key not in fitted and not key.endswith(COUNTER)]
    kept = [_path(_name_key(document, key)) for key in left]
    return Fit(len(fitted), len(own), tuple(dict.fromkeys(kept)))


def _path(key: str) -> str:
    return key.partition(":")[0]


def _name_key(document: Document, key: str) -> str:
    """Turn `id/0/id:tensor` into `name/0/name:tensor`; a key of no node stays as it is."""
    path, _, tensor = key.partition(":")
    nodes = document.graph.nodes
    names: list[str] = []
    is_repeat = False
    for part in path.split("/"):
        if is_repeat:
            names.append(part)
            is_repeat = False
            continue
        node = nodes.get(part)
        if node is None:
            return key
        names.append(node.name)
        definition = document.graph.blocks.get(node.block or "")
        nodes = definition.nodes if definition is not None else {}
        is_repeat = definition is not None
    return f"{'/'.join(names)}:{tensor}"
