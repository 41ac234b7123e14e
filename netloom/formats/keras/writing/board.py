"""A Keras model on its way: layers with their configuration and weights, and what calls them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netloom.formats.keras.settings import JsonObject
from netloom.formats.keras.writing.order import Call, layer_order
from netloom.formats.keras.writing.tensor import Tensor, keras_order
from netloom.layers.shapes import Shape

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Arrays = Callable[[], Mapping[str, NDArray[np.float32]]]

_POLICY: JsonObject = {
    "module": "keras",
    "class_name": "DTypePolicy",
    "config": {"name": "float32"},
    "registered_name": None,
}
Argument = Tensor | Sequence[Tensor]


@dataclass(slots=True)
class Layer:
    """A layer of the model.

    Attributes:
        calls: Arguments of each use, as Keras writes them.
        arrays: Makes the weights, by their place below the layer, such as `vars/0`.
        sources: What each use takes: layers, and which use of them.
    """

    kind: str
    name: str
    config: JsonObject
    arrays: Arrays | None
    calls: list[JsonObject] = field(default_factory=list[JsonObject])
    sources: list[list[Call]] = field(default_factory=list[list[Call]])


@dataclass(slots=True)
class Board:
    """Collects layers.

    Attributes:
        layers: In the order in which they were made.
    """

    layers: list[Layer] = field(default_factory=list[Layer])
    _by_name: dict[str, Layer] = field(default_factory=dict[str, Layer])
    _shared: dict[str, str] = field(default_factory=dict[str, str])
    _names: Counter[str] = field(default_factory=Counter[str])

    def input(self, name: str, shape: Shape) -> Tensor:
        """Add an input."""
        given = Tensor(self._free(name), 0, shape, keras_order(shape))
        config: JsonObject = {
            "batch_shape": given.keras_shape,
            "dtype": given.dtype,
            "name": given.layer,
        }
        self._keep(Layer("InputLayer", given.layer, config, None))
        return given

    def add(
        self,
        kind: str,
        name: str,
        arguments: Sequence[Argument],
        shape: Shape,
        *,
        config: Mapping[str, object] | None = None,
        kwargs: Mapping[str, object] | None = None,
        arrays: Arrays | None = None,
        shared_key: str | None = None,
        is_trainable: bool = True,
        order: tuple[int, ...] | None = None,
    ) -> Tensor:
        """Call a layer, which is added unless one with the same weights is there.

        Args:
            arguments: Tensors, or lists of them, as the layer is called with.
            shape: Of what leaves it, as it lies in Netloom.
            shared_key: What its weights go by; layers of one key and one configuration are one.
            order: Which axis of Netloom each axis of Keras is; None where channels stand last.
        """
        settings: JsonObject = dict(config or {})
        key = None
        if shared_key is not None:
            key = json.dumps([shared_key, kind, settings], sort_keys=True)
        found = self._shared.get(key) if key is not None else None
        if found is None:
            found = self._free(name)
            whole: JsonObject = {"name": found, "dtype": _POLICY, **settings}
            if arrays is not None and not is_trainable:
                whole["trainable"] = False  # some layers without weights do not take it
            self._keep(Layer(kind, found, whole, arrays))
            if key is not None:
                self._shared[key] = found
        layer = self._by_name[found]
        args = [_written(each) for each in arguments]
        layer.calls.append({"args": args, "kwargs": {**(kwargs or {})}})
        flat = [one for each in arguments for one in ([each] if isinstance(each, Tensor) else each)]
        layer.sources.append([(each.layer, each.call) for each in flat])
        return Tensor(found, len(layer.calls) - 1, shape, order or keras_order(shape))

    def arrange(self, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> None:
        """Bring the layers into the order in which Keras lists them."""
        ends = ([(each.layer, each.call) for each in given] for given in (inputs, outputs))
        sources = {layer.name: layer.sources for layer in self.layers}
        self.layers = [self._by_name[name] for name in layer_order(sources, *ends)]

    def config(self, name: str, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> JsonObject:
        """Return the configuration of the whole model."""
        return {
            "module": "keras.src.models.functional",
            "class_name": "Functional",
            "config": {
                "name": name,
                "trainable": True,
                "layers": [_layer_config(layer) for layer in self.layers],
                "input_layers": [[each.layer, each.call, 0] for each in inputs],
                "output_layers": [[each.layer, each.call, 0] for each in outputs],
            },
            "registered_name": "Functional",
        }

    def _keep(self, layer: Layer) -> None:
        self.layers.append(layer)
        self._by_name[layer.name] = layer

    def _free(self, name: str) -> str:
        """Return a name that no layer has."""
        while True:
            self._names[name] += 1
            count = self._names[name]
            candidate = name if count == 1 else f"{name}_{count}"
            if candidate not in self._by_name:
                return candidate


def _layer_config(layer: Layer) -> JsonObject:
    return {
        "module": "keras.layers",
        "class_name": layer.kind,
        "config": layer.config,
        "registered_name": None,
        "name": layer.name,
        "inbound_nodes": layer.calls,
    }


def _written(argument: Argument) -> object:
    if not isinstance(argument, Tensor):
        return [_written(each) for each in argument]
    return {
        "class_name": "__keras_tensor__",
        "config": {
            "shape": argument.keras_shape,
            "dtype": argument.dtype,
            "keras_history": [argument.layer, argument.call, 0],
        },
    }
