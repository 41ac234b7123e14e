"""Weights that Keras wrote without their network: `save_weights`, in HDF5.

Legend for shapes: C channels, K filters, S sizes of the kernel, M filters for each channel,
F features, U units.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from netloom.formats.imported import FormatError
from netloom.formats.keras.hdf5 import Group, open_hdf5
from netloom.formats.keras.weights import Keras3Weights, LegacyWeights
from netloom.formats.weight_file import FileTensor, WeightFile, natural

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    Array = NDArray[np.floating]

_NAMES = {
    "kernel": "weight", "W": "weight", "embeddings": "weight", "gamma": "weight",
    "depthwise_kernel": "weight", "b": "bias", "beta": "bias",
    "moving_mean": "running_mean", "moving_variance": "running_var",
}  # fmt: skip
"""What torch calls what a layer of Keras holds."""
_IN_ORDER = {
    "batch_normalization": ("gamma", "beta", "moving_mean", "moving_variance"),
    "layer_normalization": ("gamma", "beta"),
    "group_normalization": ("gamma", "beta"),
    "embedding": ("embeddings",),
    "depthwise_conv": ("depthwise_kernel", "bias"),
    "lstm": ("kernel", "recurrent_kernel", "bias"),
    "gru": ("kernel", "recurrent_kernel", "bias"),
    "simple_rnn": ("kernel", "recurrent_kernel", "bias"),
}
"""Keras 3 numbers what a layer holds; by the kind of layer in its name, others: kernel, bias."""
_GATES = {4: (0, 1, 2, 3), 3: (1, 0, 2), 1: (0,)}
"""Places in Keras of the gates of torch, by their number: LSTM, GRU, a plain cell."""


def has_architecture(path: Path) -> bool:
    """Say whether an HDF5 file describes a network; raises FormatError."""
    with open_hdf5(path, path.name) as root:
        return root.text("model_config") is not None


def read_keras_weights(path: Path) -> WeightFile:
    """Read the weights of an HDF5 file, channels first; raises FormatError.

    Files with an architecture are read as well, by the names of their layers.
    """
    import torch

    tensors: dict[str, Tensor] = {}
    facts: list[FileTensor] = []
    with open_hdf5(path, path.name) as root:
        for layer, arrays in _layers(root, path.name):
            resets_after = _resets_after(arrays)
            for key, name, array, shape in _as_torch(arrays):
                if key in tensors:
                    raise FormatError(f"{path.name} holds {key[:100]!r} twice. Save it again.")
                tensors[key] = torch.as_tensor(np.ascontiguousarray(array))
                facts.append(
                    FileTensor(
                        key=key,
                        layer=layer,
                        name=name,
                        shape=array.shape,
                        shape_in_file=shape if shape != array.shape else None,
                        is_channels_last=True,
                        resets_after=resets_after,
                    )
                )
    return WeightFile("Keras weights (HDF5)", tuple(facts), tensors)


_Named = tuple[str, str, "Array"]
"""Key in the file, what it is for Keras, the numbers."""


def _layers(root: Group, file_name: str) -> Iterator[tuple[str, list[_Named]]]:
    """Yield each layer by its name with dots, and what it holds."""
    inner = root.inner("model_weights") or root
    if inner.texts("layer_names"):
        yield from _legacy(inner)
    elif root.has("layers") or root.has("_layer_checkpoint_dependencies"):
        yield from _numbered(root)
    else:
        raise FormatError(
            f"{file_name} is an HDF5 file, but not one of Keras: it names no layers. Save the "
            "model with model.save('network.keras')."
        )


def _legacy(root: Group) -> Iterator[tuple[str, list[_Named]]]:
    source = LegacyWeights(root)
    for outer in source.layer_names():
        group = root.inner(outer)
        held: dict[str, list[_Named]] = {}
        for name in group.texts("weight_names") if group is not None else ():
            parts = name.split(":")[0].split("/")
            # Weights of an inner model stand together, under the names of its layers.
            is_inner = len(parts) > 2 and parts[0] != outer.split("/")[0]
            layer = ".".join([outer, *parts[:-1]]) if is_inner else outer.replace("/", ".")
            key = f"{outer}/{name}"
            array = cast("Group", group).array(name)
            held.setdefault(layer, []).append((key, _own_name(parts[-1], outer), array))
        yield from held.items()


def _own_name(name: str, layer: str) -> str:
    """Return `kernel` of `kernel`, and `W` of Keras 1's `conv1_W`."""
    if name in _NAMES or name == "bias":
        return name
    own = name.removeprefix(f"{layer.rpartition('/')[2]}_")
    return own if own else name


def _numbered(root: Group) -> Iterator[tuple[str, list[_Named]]]:
    held: dict[str, list[tuple[str, int]]] = {}
    for path in sorted(Keras3Weights(root).names(), key=natural):
        layer, _, number = path.rpartition("/")
        if number.isdigit():
            held.setdefault(layer.removesuffix("/vars"), []).append((path, int(number)))
    for layer, paths in held.items():
        kind = layer.rpartition("/")[2]
        order = next((names for part, names in _IN_ORDER.items() if part in layer), None)
        names = order or ("kernel", "bias")
        given: list[_Named] = []
        for path, number in paths:
            group, _, own = path.rpartition("/")
            array = cast("Group", root.inner(group)).array(own)
            name = names[number] if number < len(names) else f"{kind}_{number}"
            given.append((path, name, array))
        yield layer.removeprefix("layers/").replace("/layers/", ".").replace("/", "."), given


def _as_torch(given: list[_Named]) -> Iterator[tuple[str, str, Array, tuple[int, ...]]]:
    """Yield key, name and numbers as torch has them, and the shape in the file."""
    if any(name == "recurrent_kernel" for _, name, _ in given):
        yield from _recurrent(given)
        return
    is_depthwise = any(name == "depthwise_kernel" for _, name, _ in given)
    for key, name, array in given:
        yield key, _NAMES.get(name, name), _laid_out(name, array, is_depthwise), array.shape


def _laid_out(name: str, array: Array, is_depthwise: bool) -> Array:
    if name == "depthwise_kernel" and array.ndim >= 3:
        # (S..., C, M) to (C M, 1, S...)
        moved = np.moveaxis(array, (-2, -1), (0, 1))
        return moved.reshape(-1, 1, *moved.shape[2:])
    if _NAMES.get(name) == "weight" and name not in ("gamma", "embeddings") and not is_depthwise:
        if array.ndim == 2:
            return array.T
        if array.ndim > 2:
            return np.moveaxis(array, (-1, -2), (0, 1))  # (S..., C, K) to (K, C, S...)
    return array


def _resets_after(given: list[_Named]) -> bool | None:
    """Say which GRU a layer is, by its bias: one for both products, or one for each."""
    found = {name: array for _, name, array in given}
    kernel, bias = found.get("recurrent_kernel"), found.get("bias")
    if kernel is None or bias is None or kernel.shape[-1] != 3 * kernel.shape[0]:
        return None
    return bias.ndim == 2


def _recurrent(given: list[_Named]) -> Iterator[tuple[str, str, Array, tuple[int, ...]]]:
    """Yield kernels (F, gates U) and (U, gates U) with the gates in the order of torch.

    What holds other numbers of gates or biases, as layers for CUDA once did, is left as it is and
    fits no layer.
    """
    found = {name: (key, array) for key, name, array in given}
    units, size = found["recurrent_kernel"][1].shape[0], found["recurrent_kernel"][1].shape[-1]
    order = _GATES.get(size // max(1, units))
    bias = found.get("bias")
    if order is None or (bias is not None and bias[1].shape[-1] != size):
        yield from ((key, name, array, array.shape) for key, name, array in given)
        return
    for name, own in (("kernel", "weight_ih_l0"), ("recurrent_kernel", "weight_hh_l0")):
        if name in found:
            key, array = found[name]
            yield key, own, _in_order(array, order, units).T, array.shape
    if bias is None:
        return
    key, array = bias
    rows = array if array.ndim == 2 else np.stack([array, np.zeros_like(array)])
    for own, row in zip(("bias_ih_l0", "bias_hh_l0"), rows, strict=False):
        place = key if own == "bias_ih_l0" else f"{key} (recurrent)"
        yield place, own, _in_order(row, order, units), array.shape


def _in_order(array: Array, order: tuple[int, ...], units: int) -> Array:
    parts = [array[..., at * units : (at + 1) * units] for at in order]
    return np.concatenate(parts, axis=-1)
