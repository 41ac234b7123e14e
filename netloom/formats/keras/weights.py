"""Where the weights of each layer are: in `model.weights.h5` of Keras 3, or in older HDF5 files."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from netloom.formats.imported import FormatError
from netloom.formats.keras.hdf5 import Group
from netloom.formats.keras.model import KerasLayer, KerasModel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.floating]

MAX_TENSORS_OF_LAYER = 10_000
_INNER_PARTS = (
    "cell", "forward_layer", "backward_layer", "layer", "query_dense", "key_dense", "value_dense",
    "output_dense", "embeddings",
)  # fmt: skip
"""Parts of a layer that hold weights of their own, in the order in which Keras makes them."""


class WeightSource(ABC):
    """The weights of a file.

    Attributes:
        used: Names of those that a layer has asked for.
    """

    def __init__(self) -> None:
        self.used: set[str] = set()

    @abstractmethod
    def of(
        self, models: Sequence[KerasModel], layer: KerasLayer, prefix: Sequence[str]
    ) -> list[Array]:
        """Return the weights of a layer, in the order in which Keras makes them.

        Args:
            models: The models the layer is in, outermost first.
            prefix: Names of the layers that hold those models.
        """

    @abstractmethod
    def names(self) -> list[str]:
        """Return the names of all weights, those of an optimizer left out."""

    def unused(self) -> list[str]:
        """Return the names of weights that no layer has taken."""
        return [name for name in self.names() if name not in self.used]


class NoWeights(WeightSource):
    """The file has an architecture alone."""

    def of(
        self, models: Sequence[KerasModel], layer: KerasLayer, prefix: Sequence[str]
    ) -> list[Array]:
        del models, layer, prefix
        return []

    def names(self) -> list[str]:
        return []


class Keras3Weights(WeightSource):
    """`layers/conv2d_1/vars/0`: named by class and place, as Keras 3 does."""

    def __init__(self, root: Group) -> None:
        super().__init__()
        self._root = root
        self._places: dict[int, dict[str, str]] = {}

    def of(
        self, models: Sequence[KerasModel], layer: KerasLayer, prefix: Sequence[str]
    ) -> list[Array]:
        places = [
            *(model.by_name[name] for model, name in zip(models, prefix, strict=False)),
            layer,
        ]
        path = "/".join(
            f"layers/{self._place_of(model, each)}"
            for model, each in zip(models, places, strict=True)
        )
        group = self._root.inner(path)
        if group is None:
            by_name = "/".join(f"layers/{each.name}" for each in places)
            group, path = self._root.inner(by_name), by_name
        return [] if group is None else self._arrays(group, path, 0)

    def names(self) -> list[str]:
        found: list[str] = []
        layers = self._root.inner("layers") or self._root.inner("_layer_checkpoint_dependencies")
        waiting = [] if layers is None else [(layers, "layers")]
        while waiting:
            group, path = waiting.pop()
            for name in group.names():
                inner = group.inner(name)
                if inner is None:
                    found.append(f"{path}/{name}")
                elif name != "seed_generator":
                    waiting.append((inner, f"{path}/{name}"))
        return sorted(found)

    def _place_of(self, model: KerasModel, layer: KerasLayer) -> str:
        """Return what Keras 3 calls a layer in its weights: its class, numbered among its own."""
        known = self._places.get(id(model))
        if known is None:
            counts: Counter[str] = Counter()
            known = self._places[id(model)] = {}
            for each in model.layers:
                name = snake_case(each.kind)
                known[each.name] = f"{name}_{counts[name]}" if counts[name] else name
                counts[name] += 1
        return known[layer.name]

    def _arrays(self, group: Group, path: str, depth: int) -> list[Array]:
        found: list[Array] = []
        own = group.inner("vars")
        for number in range(len(own.names()) if own is not None else 0):
            name = f"{path}/vars/{number}"
            if own is None or not own.has(str(number)):
                raise FormatError(f"The weights {name[:100]!r} are not in the file. Save it again.")
            found.append(own.array(str(number)))
            self.used.add(name)
        for part in _INNER_PARTS if depth < len(_INNER_PARTS) else ():
            inner = group.inner(part)
            if inner is not None:
                found.extend(self._arrays(inner, f"{path}/{part}", depth + 1))
        return found


def snake_case(name: str) -> str:
    """Return a class name as Keras writes it in lower case."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


class LegacyWeights(WeightSource):
    """A group for each layer that lists its weights in order, as Keras wrote until version 3."""

    def __init__(self, root: Group) -> None:
        super().__init__()
        self._root = root
        self._listed = {name: self._weight_names(name) for name in root.texts("layer_names")}

    def of(
        self, models: Sequence[KerasModel], layer: KerasLayer, prefix: Sequence[str]
    ) -> list[Array]:
        del models
        outer = prefix[0] if prefix else layer.name
        listed = self._listed.get(outer, [])
        if prefix:
            # All weights of an inner model stand together; those of one layer share its name.
            listed = [name for name in listed if _owner(name) == layer.name]
        group = self._root.inner(outer)
        if group is None:
            return []
        self.used.update(f"{outer}/{name}" for name in listed)
        return [group.array(name) for name in listed]

    def layer_names(self) -> list[str]:
        """Return the layers that the file has a group for, with or without weights."""
        return list(self._listed)

    def names(self) -> list[str]:
        return [f"{layer}/{name}" for layer, names in self._listed.items() for name in names]

    def _weight_names(self, layer: str) -> list[str]:
        group = self._root.inner(layer)
        names = [] if group is None else group.texts("weight_names")
        if len(names) > MAX_TENSORS_OF_LAYER:
            raise FormatError(f"The layer {layer[:80]} lists {len(names):,} weights: too many.")
        return names


def _owner(weight_name: str) -> str:
    """Return the layer a weight belongs to: `conv2d_1/kernel:0` is one of `conv2d_1`."""
    parts = weight_name.split("/")
    return parts[-2] if len(parts) > 1 else ""
