"""Linear layers, embeddings and normalisations in Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from netloom.formats.keras.writing.tensor import Tensor
from netloom.formats.keras.writing.use import Use, target_of, wants
from netloom.formats.keras.writing.windows import kernel_last
from netloom.layers.layer_norm import normalized_shape
from netloom.layers.shapes import Dim

if TYPE_CHECKING:
    from netloom.formats.keras.writing.use import Array
    from netloom.layers.batch_norm import BatchNorm2dParams
    from netloom.layers.embedding import EmbeddingParams
    from netloom.layers.linear import LinearParams


def to_keras_order(array: Array, value: Tensor) -> Array:
    """Bring what belongs to features (first axis) into the order in which Keras flattened them."""
    if value.flattened is None:
        return array
    apart = array.reshape(*value.flattened, *array.shape[1:])
    return np.moveaxis(apart, 0, len(value.flattened) - 1).reshape(array.shape)


def linear(use: Use) -> Tensor:
    """Say Linear."""
    params = cast("LinearParams", use.step.params)
    given = use.given[0]
    value = given if given.flattened is not None else use.usual(given)
    if value.order[-1] != value.rank - 1:
        value = use.natural(value)

    def arrays() -> dict[str, Array]:
        kernel = {"vars/0": to_keras_order(use.array("weight").T, value)}
        return {**kernel, "vars/1": use.array("bias")} if params.bias else kernel

    is_plain = value.flattened is None
    return use.add(
        "Dense",
        value,
        arrays=arrays,
        order=value.order,
        is_shared=is_plain,
        units=params.out_features,
        use_bias=params.bias,
    )


def embedding(use: Use) -> Tensor:
    """Say Embedding."""
    params = cast("EmbeddingParams", use.step.params)
    value = use.value
    vocabulary = value.shape[-1].vocabulary
    wants(vocabulary is not None, "How many tokens there are is not known.")
    if params.padding_index is not None:
        use.say("Keras lets the vector of the padding token learn; here it stays zero.")
    return use.add(
        "Embedding",
        value,
        arrays=lambda: {"vars/0": use.array("weight")},
        input_dim=vocabulary,
        output_dim=params.num_features,
    )


def patch_embedding(use: Use) -> Tensor:
    """Say PatchEmbedding: a convolution with a stride, laid out as a sequence."""
    value = use.value
    patch = list(cast("tuple[int, int]", getattr(use.step.params, "patch_size")))  # noqa: B009
    features = use.shape[-1]
    rows, columns = value.size("H") // patch[0], value.size("W") // patch[1]
    name = next((key for key in use.weights if key.endswith("weight")), "weight")
    patches = use.add(
        "Conv2D",
        value,
        shape=(value.shape[0], Dim("C", features.size), Dim("H", rows), Dim("W", columns)),
        suffix="patches",
        arrays=lambda: {
            "vars/0": kernel_last(use.array(name)),
            "vars/1": use.array(name.replace("weight", "bias")),
        },
        filters=features.size,
        kernel_size=patch,
        strides=patch,
        padding="valid",
    )
    target = target_of(use.shape, range(len(use.shape)))
    return use.add("Reshape", patches, target_shape=target)


def batch_norm(use: Use) -> Tensor:
    """Say BatchNorm1d, 2d or 3d."""
    params = cast("BatchNorm2dParams", use.step.params)
    given = use.given[0]
    value = given if given.flattened is not None else use.usual(given)

    def arrays() -> dict[str, Array]:
        names = ["weight", "bias"] if params.affine else []
        names += ["running_mean", "running_var"]
        kept = [to_keras_order(use.array(name), value) for name in names]
        return {f"vars/{at}": array for at, array in enumerate(kept)}

    made = use.add(
        "BatchNormalization",
        value,
        arrays=arrays,
        is_shared=False,  # statistics belong to each use
        order=value.order,
        axis=-1,
        momentum=round(1.0 - params.momentum, 12),
        epsilon=params.eps,
        center=params.affine,
        scale=params.affine,
    )
    return Tensor(made.layer, made.call, made.shape, made.order, value.flattened)


def normalised(use: Use, kind: str) -> Tensor:
    """Say LayerNorm or RMSNorm over the axes that it works on."""
    params = use.step.params
    value = use.value
    sizes = normalized_shape(value.shape, getattr(params, "over", "last")) or ()
    over = list(range(value.rank - len(sizes), value.rank))
    first = value.rank - len(over)
    if any(value.order.index(axis) < first for axis in over):
        value = use.natural(value)  # on torch Keras normalises over the last axes alone
    axes = sorted(value.order.index(axis) for axis in over)
    has_weights = bool(getattr(params, "elementwise_affine", True))
    is_rms = kind == "RMSNormalization"
    wants(not is_rms or has_weights, "Keras has no such layer without weights.")

    def arrays() -> dict[str, Array]:
        turn = [over.index(value.order[axis]) for axis in axes]
        names = ["weight"] if is_rms else ["weight", "bias"]
        return {f"vars/{at}": use.array(name).transpose(turn) for at, name in enumerate(names)}

    config: dict[str, object] = {"axis": axes, "epsilon": float(getattr(params, "eps", 1e-5))}
    if not is_rms:
        config |= {"center": has_weights, "scale": has_weights}
    return use.add(
        kind, value, arrays=arrays if has_weights else None, order=value.order, more=config
    )


def group_norm(use: Use) -> Tensor:
    """Say GroupNorm, and InstanceNorm as one group for each channel."""
    params = use.step.params
    value = use.value
    has_weights = bool(getattr(params, "affine", True))
    return use.add(
        "GroupNormalization",
        value,
        arrays=(lambda: {"vars/0": use.array("weight"), "vars/1": use.array("bias")})
        if has_weights
        else None,
        groups=int(getattr(params, "num_groups", -1)),
        axis=-1,
        epsilon=float(getattr(params, "eps", 1e-5)),
        center=has_weights,
        scale=has_weights,
    )
