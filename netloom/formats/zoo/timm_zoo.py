"""The networks of an installed timm, which is no part of Netloom: names start with `timm/`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from netloom.formats.bundle import make_meta
from netloom.formats.imported import ImportedNetwork
from netloom.formats.zoo.provider import ZooEntry, ZooError, ZooInput, ZooWeights
from netloom.formats.zoo.torchvision_zoo import (
    input_shape,
    load_state,
    state_of_file,
    with_preprocessing,
)

if TYPE_CHECKING:
    from torch import nn

PREFIX = "timm/"
_TASK = "classification"


def is_installed() -> bool:
    """Say whether there is a timm, without loading it."""
    return find_spec("timm") is not None


class TimmZoo:
    """What the installed timm offers."""

    name = "timm"

    def entries(self) -> list[ZooEntry]:
        timm = _timm()
        return [_entry(timm, str(name)) for name in timm.list_models()]

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

        timm = _timm()
        own = name.removeprefix(PREFIX)
        if not name.startswith(PREFIX) or own not in timm.list_models():
            raise ZooError(f"timm has no network {name!r}. `netloom zoo list` names them.")
        entry = _entry(timm, own)
        facts = entry.default
        given = facts.input if facts is not None else ZooInput()
        path = file if file is not None else weights if isinstance(weights, Path) else None
        is_named = isinstance(weights, str) and path is None
        if is_named and facts is None:
            raise ZooError(f"timm has no trained weights for {own}.")
        if is_named and not may_download:
            raise ZooError(
                f"The weights of {name} are not on this machine, and downloading was not allowed. "
                "Pass them as a weights file, or allow downloads."
            )
        module = _build(timm, own, num_classes, is_pretrained=is_named)
        if path is not None:
            load_state(module, state_of_file(path))
        example = torch.zeros(input_shape(given, entry.task))
        imported = from_module(module, example, name=own, fold=True)
        if facts is None:
            return imported
        document = with_preprocessing(imported.document, given, "crop")
        meta = make_meta(document, licence=facts.licence, description=f"{own} of timm")
        return ImportedNetwork(document, imported.report, imported.weights, meta)


def _timm() -> Any:
    try:
        return import_module("timm")
    except ImportError as error:
        raise ZooError("timm is not installed: `pip install timm`.") from error


def _build(timm: Any, name: str, num_classes: int | None, *, is_pretrained: bool) -> nn.Module:
    options: dict[str, object] = {"pretrained": is_pretrained}
    if num_classes is not None:
        options["num_classes"] = num_classes
    try:
        return cast("nn.Module", timm.create_model(name, **options))
    except Exception as error:  # it downloads, and its models raise what they like
        raise ZooError(f"timm cannot make {name}: {str(error)[:300]}") from error


def _entry(timm: Any, name: str) -> ZooEntry:
    told = timm.get_pretrained_cfg(name, allow_unregistered=True)
    facts: Mapping[str, Any] = {} if told is None else told.to_dict()
    return ZooEntry(
        provider="timm",
        name=f"{PREFIX}{name}",
        task=_TASK,
        weights=(_weights(facts),) if facts.get("url") or facts.get("hf_hub_id") else (),
    )


def _weights(facts: Mapping[str, Any]) -> ZooWeights:
    size = cast("Sequence[int]", facts.get("input_size") or (3, 224, 224))
    channels, height, width = (int(side) for side in size)
    cut = facts.get("crop_pct")
    return ZooWeights(
        name=str(facts.get("tag") or "DEFAULT"),
        is_default=True,
        url=str(facts.get("url") or ""),
        licence=str(facts.get("license") or ""),
        num_classes=int(facts.get("num_classes") or 0),
        input=ZooInput(
            channels=channels,
            height=height,
            width=width,
            resize=round(height / float(cut)) if cut else None,
            mean=tuple(float(each) for each in facts.get("mean") or ()),
            std=tuple(float(each) for each in facts.get("std") or ()),
        ),
    )
