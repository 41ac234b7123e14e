"""What arrives at a network: declared by the file, or guessed where only the data knew it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from netloom.formats.caffe.message import Message
from netloom.formats.caffe.net import CaffeLayer, CaffeNet, blob_sizes
from netloom.formats.caffe.sheet import Sheet
from netloom.formats.onnx.values import CannotMap, Flow
from netloom.formats.scaling import SCALING_UNSAID
from netloom.graph.document import ParamValue

USUAL_SIDES = (224, 227, 32, 64)
"""Heights and widths that networks are often made for, the most common first."""
_MAX_SIDE = 65536
_DATA = frozenset(
    ("Data", "ImageData", "HDF5Data", "WindowData", "MemoryData", "AnnotatedData", "VideoData",
     "DummyData", "Input")
)  # fmt: skip
_MEASURES = frozenset(("Accuracy", "Silence", "HDF5Output", "DetectionEvaluate"))


def is_source(layer: CaffeLayer) -> bool:
    """Say whether a layer gives data: nothing arrives at it, and it learns nothing."""
    return layer.kind in _DATA or (not layer.bottoms and layer.kind != "Parameter")


def is_measure(layer: CaffeLayer) -> bool:
    """Say whether a layer only measures, trains or writes."""
    return layer.kind.endswith("Loss") or layer.kind in _MEASURES


@dataclass(frozen=True, slots=True)
class Source:
    """A tensor that is given to the network.

    Attributes:
        sizes: With the number of samples first; empty where the file does not say.
        layer: The layer that gives it; None where the file names it as an input.
    """

    name: str
    sizes: tuple[int, ...]
    layer: CaffeLayer | None = None


def sources(net: CaffeNet) -> dict[str, Source]:
    """Return everything that can be given, by name.

    What is given while training alone counts where nothing else gives it.
    """
    found: dict[str, Source] = {}
    for layer in (*net.left_out, *net.layers):
        if is_source(layer):
            for at, top in enumerate(layer.tops):
                found[top] = Source(top, _declared(layer, at), layer)
    for given in net.inputs:
        found[given.name] = Source(given.name, given.sizes)
    return found


def _declared(layer: CaffeLayer, at: int) -> tuple[int, ...]:
    settings = layer.settings
    names = ("input_param", "dummy_data_param")
    shapes = [shape for name in names for shape in settings.inner(name).inners("shape")]
    if shapes:
        return tuple(shapes[min(at, len(shapes) - 1)].wholes("dim"))
    dummy = settings.inner("dummy_data_param")
    columns = [dummy.wholes(name) for name in ("num", "channels", "height", "width")]
    if all(columns):
        return tuple(column[min(at, len(column) - 1)] for column in columns)
    memory = settings.inner("memory_data_param")
    sides = ("batch_size", "channels", "height", "width")
    if at == 0 and all(memory.has(name) for name in sides):
        return tuple(memory.whole(name) for name in sides)
    return ()


@dataclass(slots=True)
class Inputs:
    """Draws inputs when they are first needed.

    Attributes:
        side: Height and width where nobody says them.
        nodes: Number in the plan of the node of each input that was drawn.
        is_guessed: A size was needed that the file does not say.
    """

    net: CaffeNet
    sheet: Sheet
    side: int
    nodes: dict[str, int] = field(default_factory=dict[str, int])
    notes: list[str] = field(default_factory=list[str])
    is_guessed: bool = False

    def draw(self, source: Source) -> Flow:
        """Draw an input.

        Raises:
            CannotMap: It has an impossible shape.
        """
        sizes = source.sizes or self._guessed(source)
        if any(size < 1 for size in sizes):
            raise CannotMap(f"it declares the shape {list(sizes)}")
        self.sheet.board.name = source.name
        [found] = self._layer(sizes, source)
        self.nodes[source.name] = found.wire.node
        if self.sheet.file_batch is None:
            self.sheet.file_batch = sizes[0]
        return found

    def _layer(self, sizes: Sequence[int], source: Source) -> list[Flow]:
        board, name = self.sheet.board, source.name
        match sizes:
            case [_, features]:
                return board.add("FeatureInput", [], {"num_features": features}, name=name)
            case [_, channels, height, width] if channels <= 4 and max(height, width) <= _MAX_SIDE:
                mean, std = self._normalisation(source.layer, channels)
                params: dict[str, ParamValue] = {
                    "channels": channels, "height": height, "width": width,
                    "mean": [*mean], "std": [*std],
                }  # fmt: skip
                return board.add("ImageInput", [], params, name=name)
            case _:
                pass
        shape: dict[str, ParamValue] = {"shape": [0, *sizes[1:]]}
        return board.add("TensorInput", [], shape, name=name)

    def _normalisation(
        self, layer: CaffeLayer | None, channels: int
    ) -> tuple[list[float], list[float]]:
        """Return what images of 0..1 are normalised by, as the file does it with 0..255."""
        if channels == 3:
            self.notes.append(
                "Caffe reads images as blue, green, red, and most of its networks expect that "
                "order; Netloom gives red, green, blue. Turn the channels of the first layer "
                "around if predictions look wrong."
            )
        if layer is None:
            return self._unscaled()
        settings = _transform(layer)
        if settings.has("mean_file"):
            self.notes.append(
                f"The file subtracts the mean image in {settings.text('mean_file')[:200]}, which "
                "is not part of it; nothing is subtracted here."
            )
        means = [float(number) / 255 for number in settings.numbers("mean_value")]
        scale = settings.number("scale", 1.0)
        is_usable = scale > 0 and len(means) in (0, 1, channels)
        if not is_usable or not (settings.has("mean_value") or settings.has("scale")):
            return self._unscaled()
        return means or [0.0], [1 / (255 * scale)]

    def _unscaled(self) -> tuple[list[float], list[float]]:
        if SCALING_UNSAID not in self.notes:
            self.notes.append(SCALING_UNSAID)
        return [0.0], [1.0]

    def _guessed(self, source: Source) -> tuple[int, ...]:
        self.is_guessed = True
        layer = source.layer
        consumer = next((each for each in self.net.layers if source.name in each.bottoms), None)
        if consumer is not None and consumer.kind == "InnerProduct" and consumer.blobs:
            return (1, blob_sizes(consumer.blobs[0])[-1])
        channels = _channels(layer, consumer)
        told = side_of(layer)
        side = told or self.side
        what = "how many channels" if told else "how large the images are and how many channels"
        self.notes.append(
            f"{source.name[:100]}: the file does not say {what}; {channels} × {side} × {side} was "
            "chosen. Change it at the input."
        )
        return (1, channels, side, side)


def _transform(layer: CaffeLayer) -> Message:
    """Return how a data layer treats images; old files say it among other settings."""
    found = layer.settings.inner("transform_param")
    return found if found.fields else layer.settings.inner("data_param")


def side_of(layer: CaffeLayer | None) -> int:
    """Return the side of images as far as a data layer tells it; 0 where it does not."""
    if layer is None:
        return 0
    crop = _transform(layer).whole("crop_size")
    if 0 < crop <= _MAX_SIDE:
        return crop
    for word, side in (("mnist", 28), ("cifar", 32)):
        if word in _origin(layer):
            return side
    return 0


def _origin(layer: CaffeLayer) -> str:
    names = ("data_param", "image_data_param", "hdf5_data_param")
    words = [layer.settings.inner(name).fields.get("source", [""])[-1] for name in names]
    return " ".join(str(word) for word in words).lower()


def _channels(layer: CaffeLayer | None, consumer: CaffeLayer | None) -> int:
    if consumer is not None and consumer.kind == "Slice":
        points = consumer.settings.inner("slice_param").wholes("slice_point")
        if points and points[0] > 0:
            return points[-1] + points[0]
    if consumer is not None and consumer.kind == "Convolution" and consumer.blobs:
        groups = consumer.settings.inner("convolution_param").whole("group", 1)
        sizes = blob_sizes(consumer.blobs[0])
        if len(sizes) > 1 and 0 < sizes[1] * groups <= 4096:
            return sizes[1] * groups
    if layer is None:
        return 3
    is_grey = _transform(layer).flag("force_gray") or "mnist" in _origin(layer)
    return 1 if is_grey else 3
