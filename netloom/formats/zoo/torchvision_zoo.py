"""The networks of torchvision: names and facts from its registry, graphs by running them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from netloom.formats.bundle import make_meta
from netloom.formats.imported import FormatError, ImportedNetwork
from netloom.formats.recognise import CAFFE, KERAS_H5, KERAS_V3, ONNX, recognise
from netloom.formats.state_dict import read_state_dict
from netloom.formats.zoo.provider import Task, ZooEntry, ZooError, ZooInput, ZooWeights
from netloom.graph.document import Document, ParamValue

if TYPE_CHECKING:
    import torch
    from torch import nn

_TASKS: Mapping[str, Task] = {
    "segmentation": "segmentation",
    "video": "video classification",
    "detection": "detection",
    "optical_flow": "other",
    "quantization": "other",
}
_FRAMES = 16
_PHOTO = (480, 640)
"""Height and width for which detectors are opened that take images of any size."""
_CANNOT: Mapping[str, str] = {
    "optical_flow": "Optical flow networks are loops; they cannot be opened.",
    "quantization": "Quantised networks cannot be opened; take the one without quantised_.",
}


class TorchvisionZoo:
    """What the installed torchvision offers."""

    name = "torchvision"

    def entries(self) -> list[ZooEntry]:
        models = _models()
        return [_entry(models, name) for name in models.list_models()]

    def open(
        self,
        name: str,
        *,
        weights: str | Path | None = None,
        file: Path | None = None,
        may_download: bool = False,
        num_classes: int | None = None,
    ) -> ImportedNetwork:
        import torch

        from netloom.formats.traced import from_module

        models = _models()
        if name not in models.list_models():
            raise ZooError(f"torchvision has no network {name!r}. `netloom zoo list` names them.")
        entry = _entry(models, name)
        if not entry.can_open:
            raise ZooError(f"{name}: {entry.reason}")
        chosen = _chosen(entry, weights)
        facts = chosen or entry.default
        given = facts.input if facts is not None else ZooInput()
        module = build(name, num_classes, given)
        if chosen is not None:
            found = None if file is None else state_of_file(file)
            load_state(module, found or _named_state(models, name, chosen, may_download))
        elif isinstance(weights, Path):
            load_state(module, state_of_file(weights))
        if entry.task == "detection":
            given = detector_input(name)
            if weights is not None:
                _set_eps(module, facts)
        shape = input_shape(given, entry.task)
        imported = from_module(module, torch.zeros(shape), name=name, fold=True)
        if facts is None:
            return imported
        policy = "pad" if entry.task == "detection" else "crop"
        document = with_preprocessing(imported.document, given, policy)
        classes = _categories(models, name, facts.name) if num_classes is None else []
        meta = make_meta(
            document,
            classes=classes if chosen is not None else [],
            metrics=chosen.metrics if chosen is not None else {},
            licence=facts.licence,
            description=f"{name} of torchvision" + (f", {chosen.name}" if chosen else ""),
        )
        return ImportedNetwork(document, imported.report, imported.weights, meta)


def build(name: str, num_classes: int | None = None, given: ZooInput | None = None) -> nn.Module:
    """Return a network of torchvision with new weights, nothing downloaded.

    Args:
        given: What it will take; vision transformers have a position for each patch of that.

    Raises:
        ZooError: It cannot be made that way.
    """
    models = _models()
    known = inspect.signature(models.get_model_builder(name)).parameters
    options: dict[str, object] = {"weights": None}
    if "weights_backbone" in known:
        options["weights_backbone"] = None
    if name in ("googlenet", "inception_v3"):
        options["init_weights"] = True
    if num_classes is not None:
        options["num_classes"] = num_classes
    if given is not None and name.startswith("vit_"):
        options["image_size"] = given.height
    try:
        return cast("nn.Module", models.get_model(name, **options))
    except (TypeError, ValueError) as error:
        raise ZooError(f"torchvision cannot make {name}: {error}") from error


def detector_input(name: str) -> ZooInput:
    """Return what a detector is opened for: images of 0..1, of its own size where it has one."""
    own = re.fullmatch(r"ssd(?:lite)?(\d+)_.*", name)
    height, width = (int(own[1]), int(own[1])) if own else _PHOTO
    return ZooInput(height=height, width=width, mean=(0.0,), std=(1.0,))


def _set_eps(module: nn.Module, facts: ZooWeights | None) -> None:
    """Let batch normalisations add nothing to the variance where the first weights of COCO say so.

    torchvision does this for those weights alone, which were trained by another library.
    """
    if facts is None or not facts.url.rpartition("/")[2].startswith(_WITHOUT_EPS):
        return
    from torch import nn

    for inner in module.modules():
        if isinstance(inner, nn.BatchNorm2d):
            inner.eps = 0.0


_WITHOUT_EPS = tuple(
    f"{name}_resnet50_fpn_coco" for name in ("fasterrcnn", "maskrcnn", "keypointrcnn", "retinanet")
)


def input_shape(given: ZooInput, task: Task) -> tuple[int, ...]:
    """Return the shape of one sample, with a batch of 1."""
    sides = (given.height, given.width)
    if task == "video classification":
        return (1, given.channels, given.frames or _FRAMES, *sides)
    return (1, given.channels, *sides)


def _models() -> Any:
    try:
        models = import_module("torchvision.models")
    except ImportError as error:
        raise ZooError("torchvision is not installed: `pip install torchvision`.") from error
    return models


def _entry(models: Any, name: str) -> ZooEntry:
    builder = models.get_model_builder(name)
    part = builder.__module__.removeprefix("torchvision.models.").partition(".")[0]
    reason = _CANNOT.get(part, "")
    members = list(models.get_model_weights(name))
    default = getattr(models.get_model_weights(name), "DEFAULT", None)
    facts = [_weights(each, is_default=each is default) for each in members]
    facts.sort(key=lambda each: not each.is_default)
    return ZooEntry(
        provider="torchvision",
        name=name,
        task=_TASKS.get(part, "classification"),
        weights=tuple(facts),
        can_open=not reason,
        reason=reason,
    )


def _weights(member: Any, *, is_default: bool) -> ZooWeights:
    meta = cast("dict[str, Any]", member.meta)
    metrics = {
        f"{data} {measure}": float(value)
        for data, values in meta.get("_metrics", {}).items()
        for measure, value in values.items()
        if isfinite(value)  # some have not been measured
    }
    mebibytes: float | None = meta.get("_file_size")
    return ZooWeights(
        name=member.name,
        is_default=is_default,
        url=member.url,
        size_mb=None if mebibytes is None else round(mebibytes * 2**20 / 1e6, 1),
        parameters=meta.get("num_params"),
        gflops=meta.get("_ops"),
        metrics=metrics,
        licence=_licence(meta),
        num_classes=len(meta.get("categories") or ()),
        note=_plain_text(str(meta.get("_docs", ""))),
        input=_input(member),
    )


def _plain_text(docs: str) -> str:
    """Return reStructuredText without its marks: links become their words."""
    words = re.sub(r"`([^`<]+?)\s*<[^>]*>`_+", r"\1", " ".join(docs.split()))
    return words.replace("``", "").replace("`", "")


def _licence(meta: Mapping[str, Any]) -> str:
    """Return the licence that the weights state; torchvision's own code is BSD-3-Clause.

    An address that does not name it stays: who wants to know looks there.
    """
    stated = str(meta.get("license", ""))
    last = stated.rpartition("/")[2]
    is_named = "://" in stated and not last.upper().startswith(("LICENSE", "LICENCE"))
    return last if is_named else stated.partition("://")[2] or stated


def _input(member: Any) -> ZooInput:
    """Return what the weights' own transforms do to an image."""
    transforms = member.transforms
    if not hasattr(transforms, "keywords"):
        return ZooInput()
    made = transforms()
    crop = _sides(getattr(made, "crop_size", None))
    resize = _sides(getattr(made, "resize_size", None))
    height, width = crop or resize or (224, 224)
    min_frames = member.meta.get("min_temporal_size")
    return ZooInput(
        height=height,
        width=width,
        frames=max(_FRAMES, min_frames) if isinstance(min_frames, int) else None,
        resize=min(resize) if resize and crop else None,
        mean=tuple(getattr(made, "mean", ())),
        std=tuple(getattr(made, "std", ())),
    )


def _sides(given: object) -> tuple[int, int] | None:
    numbers = [int(each) for each in cast("Sequence[int]", given)] if given else []
    if not numbers:
        return None
    return (numbers[0], numbers[-1])


def _chosen(entry: ZooEntry, weights: str | Path | None) -> ZooWeights | None:
    """Return what is known of the weights that are named; None for a file."""
    if not isinstance(weights, str):
        return None
    if not entry.weights:
        raise ZooError(f"torchvision has no trained weights for {entry.name}.")
    if weights in ("", "DEFAULT"):
        return entry.default
    for each in entry.weights:
        if each.name == weights:
            return each
    known = ", ".join(each.name for each in entry.weights)
    raise ZooError(f"{entry.name} has no weights {weights!r}; it has {known}.")


def _named_state(
    models: Any, name: str, chosen: ZooWeights, may_download: bool
) -> Mapping[str, torch.Tensor]:
    """Return trained weights from torch's own cache, or download them if that is allowed."""
    import torch

    file = Path(torch.hub.get_dir()) / "checkpoints" / chosen.url.rpartition("/")[2]
    if not file.exists() and not may_download:
        raise ZooError(
            f"The weights {chosen.name} of {name} are not on this machine, and downloading was not "
            f"allowed. Download {chosen.url} and pass it as a weights file, or allow downloads."
        )
    if file.exists():
        return state_of_file(file)
    try:
        return models.get_weight(f"{_enum_name(models, name)}.{chosen.name}").get_state_dict(
            progress=False, check_hash=True
        )
    except OSError as error:
        raise ZooError(f"{chosen.url} cannot be downloaded: {error}.") from error


def _enum_name(models: Any, name: str) -> str:
    return models.get_model_weights(name).__name__


def state_of_file(path: Path) -> Mapping[str, torch.Tensor]:
    try:
        found = recognise(path)
        if found in (KERAS_H5, KERAS_V3, ONNX, CAFFE):
            raise ZooError(
                f"{path.name} is no weights file of PyTorch ({found.title}). Open the network "
                "without one, and give it this file there with “Load weights”."
            )
        return read_state_dict(path)
    except FormatError as error:
        raise ZooError(str(error)) from error


def load_state(module: nn.Module, state: Mapping[str, torch.Tensor]) -> None:
    own = module.state_dict()
    given = {
        key.removeprefix("module.") if key not in own else key: tensor
        for key, tensor in state.items()
    }
    wrong = [
        key for key, tensor in own.items() if key in given and given[key].shape != tensor.shape
    ]
    missing = [key for key in own if key not in given and not key.endswith("num_batches_tracked")]
    if wrong or missing:
        words = ", ".join([*wrong, *missing][:4])
        raise ZooError(
            f"These weights are not of this network: {len(wrong)} tensors have another shape and "
            f"{len(missing)} are missing ({words})."
        )
    module.load_state_dict({key: given[key] for key in own if key in given}, strict=False)


def _categories(models: Any, name: str, weights: str) -> list[str]:
    member = models.get_model_weights(name)[weights]
    return [str(each) for each in member.meta.get("categories") or ()]


def with_preprocessing(document: Document, given: ZooInput, policy: str) -> Document:
    """Return a network whose image input treats images as the weights expect it."""
    if not given.mean or not given.std:
        return document
    nodes = dict(document.graph.nodes)
    for node_id, node in nodes.items():
        if node.type == "ImageInput":
            mean: list[ParamValue] = [*given.mean]
            std: list[ParamValue] = [*given.std]
            params = {
                **node.params,
                "mean": cast("ParamValue", mean),
                "std": cast("ParamValue", std),
                "resize_policy": policy,
            }
            nodes[node_id] = node.model_copy(update={"params": params})
    graph = document.graph.model_copy(update={"nodes": nodes})
    return document.model_copy(update={"graph": graph})
