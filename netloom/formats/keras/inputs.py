"""The inputs of a Keras model: what kind of thing each takes, and how images are normalised.

Legend: B batch, C channels, D depth, H height, W width, T time, F features.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, cast

from netloom.formats.imported import FormatError
from netloom.formats.keras.model import KerasLayer, KerasModel, Ref
from netloom.formats.keras.sheet import NoLayer, Sheet, Value
from netloom.formats.scaling import SCALING_UNSAID

if TYPE_CHECKING:
    from netloom.formats.keras.weights import WeightSource

USUAL_SIDE_PX = 224
_OVER_TIME = ("Conv1D", "SeparableConv1D", "DepthwiseConv1D", "Conv1DTranspose", "MaxPooling1D",
              "AveragePooling1D", "ZeroPadding1D", "UpSampling1D", "Cropping1D")  # fmt: skip
_MAX_STEPS = 8
_PIXELS = 255.0


@dataclass(frozen=True, slots=True)
class Scaling:
    """What the first layers do to raw pixels (0 to 255): x · factor + offset, for each channel."""

    factor: tuple[float, ...] = (1.0,)
    offset: tuple[float, ...] = (0.0,)

    def then(self, factor: tuple[float, ...], offset: tuple[float, ...]) -> Scaling:
        """Return this scaling followed by another."""
        count = max(len(self.factor), len(factor), len(offset))
        own_factor, own_offset = _spread(self.factor, count), _spread(self.offset, count)
        factors, offsets = _spread(factor, count), _spread(offset, count)
        return Scaling(
            tuple(a * b for a, b in zip(own_factor, factors, strict=True)),
            tuple(a * b + c for a, b, c in zip(own_offset, factors, offsets, strict=True)),
        )

    def as_normalisation(self) -> tuple[list[float], list[float]]:
        """Return mean and standard deviation for pixels of 0 to 1."""
        std = [1.0 / (_PIXELS * factor) for factor in self.factor]
        mean = [-offset * each for offset, each in zip(self.offset, std, strict=True)]
        return mean, std


def _spread(values: tuple[float, ...], count: int) -> tuple[float, ...]:
    if len(values) not in (1, count):
        raise NoLayer("it scales another number of channels")
    return values * count if len(values) == 1 else values


def draw_input(
    sheet: Sheet, model: KerasModel, layer: KerasLayer, source: WeightSource
) -> tuple[Value, list[KerasLayer]]:
    """Draw an input of the outermost model.

    Returns:
        Its tensor, and the layers behind it that became part of it.

    Raises:
        FormatError: The file does not say its shape.
    """
    shape = _shape_of(layer)
    sheet.begin(layer.name)
    users = first_users(model, layer)
    folded: list[KerasLayer] = []
    if len(shape) == 1:
        value = _features_or_tokens(sheet, layer, shape, users)
    elif len(shape) == 2:
        value = _over_time(sheet, shape, users)
    elif len(shape) == 3:
        value, folded = _image(sheet, model, layer, shape, source)
    elif len(shape) == 4:
        value = _volume(sheet, shape)
    else:
        raise FormatError(
            f"The input {layer.name[:100]} has {len(shape)} axes beside the batch; 1 to 4 are read."
        )
    sheet.end(layer)
    return value, folded


def _shape_of(layer: KerasLayer) -> list[int | None]:
    config = layer.config
    given = config.get("batch_shape") or config.get("batch_input_shape")
    if given is None and isinstance(config.get("shape"), list):
        given = [None, *cast("list[object]", config["shape"])]
    if not isinstance(given, list) or not given:
        raise FormatError(
            f"The file does not say which shape the input {layer.name[:100]} takes. Build the "
            "model with an Input(shape=...) as its first layer, and save it again."
        )
    sizes: list[int | None] = []
    for each in cast("list[object]", given)[1:]:
        if each is not None and (not isinstance(each, int) or isinstance(each, bool) or each < 1):
            raise FormatError(f"The input {layer.name[:100]} has a size of {str(each)[:40]}.")
        sizes.append(each)
    return sizes


def first_users(model: KerasModel, layer: KerasLayer, depth: int = 0) -> list[KerasLayer]:
    """Return the layers that read an input first, looking into inner models."""
    found: list[KerasLayer] = []
    for user in model.users(Ref(layer.name)):
        if user.inner is not None and depth < _MAX_STEPS:
            place = next(
                (
                    at
                    for call in user.calls
                    for at, r in enumerate(call.inputs)
                    if r.layer == layer.name
                ),
                0,
            )
            ends = user.inner.inputs
            inner = user.inner.by_name[ends[min(place, len(ends) - 1)].layer]
            found.extend(first_users(user.inner, inner, depth + 1))
        elif (
            user.kind in ("Masking", "Dropout", "SpatialDropout1D", "GaussianNoise")
            and depth < _MAX_STEPS
        ):
            found.extend(first_users(model, user, depth + 1))
        else:
            found.append(user)
    return found


def _features_or_tokens(
    sheet: Sheet, layer: KerasLayer, shape: list[int | None], users: list[KerasLayer]
) -> Value:
    vocabularies = [user.settings.whole("input_dim") for user in users if user.kind == "Embedding"]
    if vocabularies:
        return sheet.add("TokenInput", vocabulary=vocabularies[0], length=shape[0])
    if shape[0] is None:
        raise FormatError(
            f"The file does not say how many features the input {layer.name[:100]} has."
        )
    return sheet.add("FeatureInput", num_features=shape[0])


def _over_time(sheet: Sheet, shape: list[int | None], users: list[KerasLayer]) -> Value:
    length, size = shape
    if size is None:
        raise FormatError("The file does not say how many features a step of the input has.")
    if users and all(user.kind in _OVER_TIME for user in users):
        return sheet.add("SignalInput", channels=size, length=length)
    return sheet.add("SequenceInput", num_features=size, length=length)


def _image(
    sheet: Sheet,
    model: KerasModel,
    layer: KerasLayer,
    shape: list[int | None],
    source: WeightSource,
) -> tuple[Value, list[KerasLayer]]:
    if sheet.is_channels_first:
        shape = [*shape[1:], shape[0]]
    height, width, channels = shape
    if channels is None:
        raise FormatError(
            f"The file does not say how many channels the input {layer.name[:100]} has."
        )
    if height is None or width is None:
        sheet.note(
            f"The network takes images of any size; its input was set to {USUAL_SIDE_PX} × "
            f"{USUAL_SIDE_PX} pixels and can be changed."
        )
    scaling, folded = _scaling(model, layer, source, channels)
    if folded:
        mean, std = scaling.as_normalisation()
    else:
        mean, std = [0.0], [1.0]
        sheet.note(SCALING_UNSAID)
    value = sheet.add(
        "ImageInput",
        height=height or USUAL_SIDE_PX,
        width=width or USUAL_SIDE_PX,
        channels=channels,
        mean=[*mean],
        std=[*std],
    )
    return value, folded


def _volume(sheet: Sheet, shape: list[int | None]) -> Value:
    if sheet.is_channels_first:
        shape = [*shape[1:], shape[0]]
    sizes = [size for size in shape if size is not None]
    if len(sizes) < 4:
        raise FormatError("The file does not say how large the volumes are that its input takes.")
    depth, height, width, channels = sizes
    return sheet.add("VolumeInput", depth=depth, height=height, width=width, channels=channels)


def _scaling(
    model: KerasModel, layer: KerasLayer, source: WeightSource, channels: int
) -> tuple[Scaling, list[KerasLayer]]:
    """Return what the layers right behind an image input do to its pixels, and those layers."""
    scaling, folded = Scaling(), list[KerasLayer]()
    at = layer
    while True:
        users = model.users(Ref(at.name))
        outputs = {ref.layer for ref in model.outputs}
        if len(users) != 1 or len(users[0].calls) != 1 or at.name in outputs:
            return scaling, folded
        found = _affine(model, users[0], source, channels)
        if found is None or min(found[0]) <= 0:
            return scaling, folded
        scaling = scaling.then(*found)
        at = users[0]
        folded.append(at)


def _affine(
    model: KerasModel, layer: KerasLayer, source: WeightSource, channels: int
) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """Return factor and offset of a layer that only scales; None for every other."""
    settings = layer.settings
    if layer.kind == "Rescaling":
        factor = tuple(settings.numbers("scale"))
        offset = tuple(settings.numbers("offset")) if settings.has("offset") else (0.0,)
    elif layer.kind == "Normalization" and not settings.flag("invert", False):
        if settings.has("mean") and settings.has("variance"):
            mean, variance = settings.numbers("mean"), settings.numbers("variance")
        else:
            arrays = source.of([model], layer, [])
            if len(arrays) < 2:
                return None
            mean = [float(each) for each in arrays[0].reshape(-1)]
            variance = [float(each) for each in arrays[1].reshape(-1)]
        if min(variance, default=0.0) <= 0 or len(mean) != len(variance):
            return None
        factor = tuple(1.0 / sqrt(each) for each in variance)
        offset = tuple(-m * f for m, f in zip(mean, factor, strict=True))
    else:
        return None
    if {len(factor), len(offset)} <= {1, channels}:
        return factor, offset
    return None
