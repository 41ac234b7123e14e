"""How images were given to networks whose files hold weights alone: the usual ways, by name.

Such a file never says so, and a network that is given images another way than it was trained on is
wrong without any sign of it. A person who knows where the weights come from chooses one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from netloom.graph.document import Document, ParamValue
from netloom.layers.input_output import ImageInput

NormalisationName = Literal["imagenet", "caffe", "symmetric", "unit"]
_CAFFE_MEAN = (123.68, 116.779, 103.939)


@dataclass(frozen=True, slots=True)
class Normalisation:
    """What happens to pixels that were scaled to 0..1.

    Attributes:
        is_bgr: Blue came first where the weights were trained.
    """

    title: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    is_bgr: bool = False


NORMALISATIONS: dict[NormalisationName, Normalisation] = {
    "imagenet": Normalisation(
        "mean and deviation of ImageNet, as PyTorch does", (0.485, 0.456, 0.406),
        (0.229, 0.224, 0.225),
    ),
    "caffe": Normalisation(
        "0 to 255, blue first, less the mean of ImageNet, as Caffe and Keras' “caffe” do",
        tuple(round(value / 255, 6) for value in _CAFFE_MEAN), (1 / 255,) * 3, is_bgr=True,
    ),
    "symmetric": Normalisation("-1 to 1, as Keras' “tf” does", (0.5,), (0.5,)),
    "unit": Normalisation("0 to 1", (0.0,), (1.0,)),
}  # fmt: skip


def with_normalisation(document: Document, name: NormalisationName) -> Document:
    """Return a network whose image inputs treat pixels that way, as far as channels allow it."""
    found = NORMALISATIONS[name]
    nodes = dict(document.graph.nodes)
    for node_id, node in nodes.items():
        if node.type != ImageInput.type_name:
            continue
        channels = node.params.get("channels", ImageInput.Params().channels)
        if len(found.mean) not in (1, channels):
            continue
        values = {"mean": [*found.mean], "std": [*found.std]}
        params = {**node.params, **cast("dict[str, ParamValue]", values)}
        nodes[node_id] = node.model_copy(update={"params": params})
    graph = document.graph.model_copy(update={"nodes": nodes})
    return document.model_copy(update={"graph": graph})
