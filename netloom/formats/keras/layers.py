"""Which function draws which class of Keras. What is not here becomes a placeholder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

from netloom.formats.keras import activations, convolutions, dense, pooling, recurrent, shaping
from netloom.formats.keras.activations import activate, activation_name, softmax
from netloom.formats.keras.settings import Settings
from netloom.formats.keras.sheet import NoLayer, Sheet, Value

if TYPE_CHECKING:
    from netloom.formats.keras.sheet import Array


@dataclass(frozen=True, slots=True)
class Use:
    """One call of a layer, about to be drawn."""

    sheet: Sheet
    kind: str
    settings: Settings
    inputs: list[Value]
    arrays: list[Array]

    @property
    def value(self) -> Value:
        """The one tensor it takes; raises NoLayer when there are several."""
        if len(self.inputs) != 1:
            raise NoLayer(f"it takes {len(self.inputs)} tensors")
        return self.inputs[0]


Drawer = Callable[[Use], Value]
Sliding = Callable[[Sheet, Value, Settings, "list[Array]", int], Value]
Moving = Callable[[Sheet, Value, Settings, int], Value]


def _sliding(function: Sliding, count: int) -> Drawer:
    return lambda use: function(use.sheet, use.value, use.settings, use.arrays, count)


def _moving(function: Moving, count: int) -> Drawer:
    return lambda use: function(use.sheet, use.value, use.settings, count)


def _weighted(function: Callable[[Sheet, Value, Settings, list[Array]], Value]) -> Drawer:
    return lambda use: function(use.sheet, use.value, use.settings, use.arrays)


def _nothing(use: Use) -> Value:
    return use.value


def _dropout(use: Use, type_name: str = "Dropout") -> Value:
    return use.sheet.add(type_name, use.value, p=use.settings.number("rate", 0.5))


def _spatial_dropout(use: Use, count: int) -> Value:
    value = use.sheet.as_signal(use.value) if count == 1 else use.value
    return use.sheet.add(f"Dropout{count}d", value, p=use.settings.number("rate", 0.5))


def _activation(use: Use) -> Value:
    return activate(use.sheet, use.value, activation_name(use.settings))


def _leaky(use: Use) -> Value:
    settings = use.settings
    name = "negative_slope" if settings.has("negative_slope") else "alpha"
    return use.sheet.add("LeakyReLU", use.value, negative_slope=settings.number(name, 0.3))


def _elu(use: Use) -> Value:
    return use.sheet.add("ELU", use.value, alpha=use.settings.number("alpha", 1.0))


def _prelu(use: Use) -> Value:
    value, arrays = use.value, use.arrays
    shared = use.settings.values.get("shared_axes")
    if value.rank == 1:
        slopes = [dense.to_our_order(array, value) for array in arrays]
    elif isinstance(shared, list) and len(cast("list[object]", shared)) == value.rank - 1:
        slopes = [array.reshape(-1) for array in arrays]
    else:
        raise NoLayer("it has a slope for every position")
    weights = {"weight": slopes[0]} if slopes else {}
    return use.sheet.add("PReLU", value, weights=weights, per_channel=True)


def _softmax(use: Use) -> Value:
    axis = use.settings.numbers("axis")[0] if use.settings.has("axis") else -1
    return softmax(use.sheet, use.value, int(axis), suffix="")


def _noise(use: Use) -> Value:
    return use.sheet.add("GaussianNoise", use.value, std=use.settings.number("stddev", 0.1))


def _over_all(use: Use, *, is_max: bool) -> Value:
    return pooling.global_pooling(use.sheet, use.value, use.settings, is_max=is_max)


def _local_response(use: Use) -> Value:
    settings = use.settings
    use.sheet.say(
        "Keras has no such layer: it is taken for the local response normalisation of AlexNet."
    )
    return use.sheet.add(
        "LocalResponseNorm",
        use.value,
        size=settings.whole("n", 5),
        alpha=settings.number("alpha", 1e-4),
        beta=settings.number("beta", 0.75),
        k=settings.number("k", 2.0),
    )


def _reads(kind: str) -> Drawer:
    return lambda use: recurrent.recurrent(use.sheet, use.value, kind, use.settings, use.arrays)


def _attention(use: Use) -> Value:
    return dense.attention(use.sheet, use.inputs, use.settings, use.arrays)


DRAWERS: dict[str, Drawer] = {
    "Dense": _weighted(dense.dense),
    "Embedding": _weighted(dense.embedding),
    "BatchNormalization": _weighted(dense.batch_normalization),
    "LayerNormalization": _weighted(dense.layer_normalization),
    "MultiHeadAttention": _attention,
    "LRN": _local_response,
    "LSTM": _reads("LSTM"),
    "GRU": _reads("GRU"),
    "SimpleRNN": _reads("SimpleRNN"),
    "Bidirectional": _weighted(recurrent.bidirectional),
    "Activation": _activation,
    "ReLU": lambda use: activations.relu(use.sheet, use.value, use.settings),
    "LeakyReLU": _leaky,
    "ELU": _elu,
    "PReLU": _prelu,
    "Softmax": _softmax,
    "Dropout": _dropout,
    "AlphaDropout": partial(_dropout, type_name="AlphaDropout"),
    "GaussianDropout": _dropout,
    "SpatialDropout1D": partial(_spatial_dropout, count=1),
    "SpatialDropout2D": partial(_spatial_dropout, count=2),
    "SpatialDropout3D": partial(_spatial_dropout, count=3),
    "GaussianNoise": _noise,
    "ActivityRegularization": _nothing,
    "Identity": _nothing,
    "Masking": shaping.masking,
    "Flatten": shaping.flatten,
    "Reshape": shaping.reshape,
    "Permute": shaping.permute,
    "RepeatVector": shaping.repeat,
    "Concatenate": shaping.concatenate,
    "Add": shaping.combining("Add"),
    "Multiply": shaping.combining("Multiply"),
    "Average": shaping.combining("Average"),
    "Maximum": shaping.combining("Maximum"),
    "Minimum": shaping.combining("Minimum"),
    "Subtract": shaping.combining("Subtract"),
}
for _count in (1, 2, 3):
    DRAWERS[f"Conv{_count}D"] = _sliding(convolutions.convolution, _count)
    DRAWERS[f"Conv{_count}DTranspose"] = _sliding(convolutions.transposed, _count)
    DRAWERS[f"UpSampling{_count}D"] = _moving(pooling.upsampling, _count)
    DRAWERS[f"ZeroPadding{_count}D"] = _moving(pooling.zero_padding, _count)
    DRAWERS[f"Cropping{_count}D"] = _moving(pooling.cropping, _count)
    for _word, _is_max in (("Max", True), ("Average", False)):
        DRAWERS[f"{_word}Pooling{_count}D"] = _moving(
            partial(pooling.pooling, is_max=_is_max), _count
        )
        DRAWERS[f"Global{_word}Pooling{_count}D"] = partial(_over_all, is_max=_is_max)
for _count in (1, 2):
    DRAWERS[f"DepthwiseConv{_count}D"] = _sliding(convolutions.depthwise, _count)
    DRAWERS[f"SeparableConv{_count}D"] = _sliding(convolutions.separable, _count)
