"""The network as Caffe would run it: old spellings renewed, the layers of the test phase chosen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from netloom.formats.caffe.message import Array, Message
from netloom.formats.caffe.oldest import renewed_oldest
from netloom.formats.imported import Damage, FormatError

MAX_LAYERS = 20_000
MAX_RANK = 8
_NEW_NAMES = {
    "BNLL": "BNLL", "ELTWISE": "Eltwise", "LRN": "LRN", "MVN": "MVN", "RELU": "ReLU",
    "TANH": "TanH", "ABSVAL": "AbsVal", "ARGMAX": "ArgMax", "SOFTMAX_LOSS": "SoftmaxWithLoss",
    "HDF5_DATA": "HDF5Data", "HDF5_OUTPUT": "HDF5Output", "IM2COL": "Im2col",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CaffeLayer:
    """A layer of the file.

    Attributes:
        shares: Names of its parameters, by which layers have them in common; empty ones share
            nothing.
        rates: Factors on the learning rate, one for each parameter the file says it of.
        blobs: Its weights, as messages.
    """

    name: str
    kind: str
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]
    settings: Message
    shares: tuple[str, ...] = ()
    rates: tuple[float, ...] = ()
    blobs: tuple[Message, ...] = ()

    @property
    def title(self) -> str:
        """The layer as a report calls it."""
        return f"{self.kind[:100]} {self.name[:300]}".strip() or "a layer"


@dataclass(frozen=True, slots=True)
class CaffeInput:
    """A tensor that the file itself says is given."""

    name: str
    sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CaffeNet:
    """Layers in the order of computing.

    Attributes:
        left_out: Layers that are there while training alone.
        is_old: It has the layers of Caffe from before 2014.
    """

    name: str
    inputs: Sequence[CaffeInput]
    layers: Sequence[CaffeLayer]
    left_out: Sequence[CaffeLayer] = field(default_factory=list[CaffeLayer])
    is_old: bool = False


def read_net(message: Message) -> CaffeNet:
    """Read the layers of a network.

    Raises:
        FormatError: It has none, too many, or contradicts itself.
    """
    new, old = message.inners("layer"), message.inners("layers")
    if len(new) + len(old) > MAX_LAYERS:
        raise FormatError(f"The network has more than {MAX_LAYERS:,} layers.")
    if not new and not old:
        raise FormatError("The file holds no layers of Caffe. Choose the file of the network.")
    given = [*(_new_layer(each) for each in new), *(_old_layer(each) for each in old)]
    kept = [layer for layer in given if _is_in_test(layer.settings)]
    left_out = [layer for layer in given if not _is_in_test(layer.settings)]
    return CaffeNet(
        message.text("name")[:200], _inputs(message), kept, left_out, is_old=bool(old) and not new
    )


def _new_layer(message: Message) -> CaffeLayer:
    params = message.inners("param")
    return CaffeLayer(
        name=message.text("name"),
        kind=message.text("type"),
        bottoms=tuple(message.texts("bottom")),
        tops=tuple(message.texts("top")),
        settings=message,
        shares=tuple(param.text("name") for param in params),
        rates=tuple(param.number("lr_mult", 1.0) for param in params),
        blobs=tuple(message.inners("blobs")),
    )


def _old_layer(message: Message) -> CaffeLayer:
    if message.has("layer"):
        message = renewed_oldest(message)
    params = message.fields.get("param", [])
    if params and all(isinstance(value, str) for value in params):
        # Then a parameter had a name alone; its rate stood elsewhere.
        plain = Message({key: value for key, value in message.fields.items() if key != "param"})
        layer = replace(_new_layer(plain), shares=tuple(message.texts("param")))
    else:
        layer = _new_layer(message)
    kind = message.text("type")
    return replace(
        layer,
        kind=_renewed(kind) if kind.isupper() else kind,
        rates=tuple(float(rate) for rate in message.numbers("blobs_lr")) or layer.rates,
    )


def _renewed(kind: str) -> str:
    """Return the new name of a type: `INNER_PRODUCT` is `InnerProduct`."""
    return _NEW_NAMES.get(kind) or "".join(word.capitalize() for word in kind.split("_"))


def _is_in_test(settings: Message) -> bool:
    includes = settings.inners("include")
    if includes:
        return any(_applies(rule) for rule in includes)
    return not any(_applies(rule) for rule in settings.inners("exclude"))


def _applies(rule: Message) -> bool:
    """Say whether a rule holds for testing, at level 0 and in no named stage."""
    return (
        rule.text("phase", "TEST") == "TEST"
        and rule.whole("min_level") <= 0
        and rule.whole("max_level") >= 0
        and not rule.texts("stage")
    )


def _inputs(message: Message) -> list[CaffeInput]:
    names = message.texts("input")
    shapes = [tuple(shape.wholes("dim")) for shape in message.inners("input_shape")]
    if not shapes:
        dims = message.wholes("input_dim")
        shapes = [tuple(dims[at : at + 4]) for at in range(0, len(dims), 4)]
    if len(shapes) == 1 and len(names) > 1:
        shapes = shapes * len(names)
    if shapes and len(shapes) != len(names):
        raise FormatError(f"The file names {len(names)} inputs but {len(shapes)} shapes.")
    return [CaffeInput(name, shapes[at] if shapes else ()) for at, name in enumerate(names[:256])]


def weights_by_layer(message: Message) -> dict[str, tuple[Message, ...]]:
    """Return the weights in a `.caffemodel` by the name of their layer."""
    net = read_net(message)
    return {layer.name: layer.blobs for layer in (*net.layers, *net.left_out) if layer.blobs}


def with_weights(net: CaffeNet, weights: Mapping[str, tuple[Message, ...]]) -> CaffeNet:
    """Return a network whose layers have the weights of another file."""
    layers = [replace(each, blobs=weights.get(each.name, each.blobs)) for each in net.layers]
    return replace(net, layers=layers)


def blob_sizes(blob: Message) -> tuple[int, ...]:
    """Return the shape of weights; old files always say four sizes.

    Raises:
        Damage: It is impossible.
    """
    if blob.has("shape"):
        sizes = tuple(blob.inner("shape").wholes("dim"))
    elif any(blob.has(name) for name in ("num", "channels", "height", "width")):
        sizes = tuple(blob.whole(name, 1) for name in ("num", "channels", "height", "width"))
    else:
        sizes = (blob_numbers(blob).size,)
    if len(sizes) > MAX_RANK or any(size < 0 for size in sizes):
        raise Damage("weights declare an impossible shape")
    return sizes


def blob_numbers(blob: Message) -> Array:
    """Return weights one after the other, as they lie in the file."""
    data = blob.numbers("data")
    return data if data.size else blob.numbers("double_data")


def blob_array(blob: Message) -> Array:
    """Return weights in their shape.

    Raises:
        Damage: There are more or fewer numbers than the shape says.
    """
    sizes, numbers = blob_sizes(blob), blob_numbers(blob)
    if math.prod(sizes) != numbers.size:
        raise Damage(f"weights of {list(sizes)} hold {numbers.size:,} numbers")
    return numbers.reshape(sizes)
