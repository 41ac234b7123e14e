"""Transfer learning from Python: a trained network, other classes, a few lines.

>>> ready = netloom.transfer("squeezenet.netloom", classes=["cat", "dog"])
>>> ready.train("photos", output="run")
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from netloom.data.folder import training_manifest
from netloom.formats.bundle import Bundle, BundleMeta, make_meta, write_bundle
from netloom.formats.imported import FormatError, ImportedNetwork, ImportReport
from netloom.graph.document import Document, ParamValue
from netloom.layers.input_output import ImageInput
from netloom.surgery.act import ActRefused
from netloom.surgery.adapting import Adapted, TransferOptions, adapt_network
from netloom.train.spec import OptimizerConfig, RunConfig, TrainSpec, UnfreezeConfig

if TYPE_CHECKING:
    from torch import Tensor

SPEC, MANIFEST, START = "spec.json", "manifest.json", "start.safetensors"


class TransferError(ValueError):
    """A network that cannot be used for other classes; the text says why and what helps."""


@dataclass(frozen=True, slots=True)
class Transferred:
    """A network for other classes, with the weights that survive.

    Attributes:
        weights: By weight key, of the new network; what is missing starts at random.
        adapted: What was changed, what survives, what is frozen.
        config: What a run is told.
    """

    document: Document
    weights: dict[str, Tensor]
    meta: BundleMeta
    adapted: Adapted
    config: RunConfig

    def save(self, path: str | Path, *, seed: int = 0) -> Path:
        """Write a bundle; new layers get the numbers a run with this seed would start from."""
        from netloom.compile import build_module, load_weights, state_weights

        module = build_module(self.document, seed=seed)
        load_weights(module, self.weights)
        write_bundle(Path(path), self.document, state_weights(module), self.meta)
        return Path(path)

    def prepare_run(self, data: str | Path, output: str | Path, **settings: object) -> Path:
        """Write a run specification with its data and first weights, and return its path.

        Args:
            data: A folder with a folder of images for each class.
            settings: Fields of the run's configuration, such as `epochs=5`.

        Raises:
            FolderError: There are no images.
            TransferError: The folder has other classes than the network.
        """
        from safetensors.torch import save_file  # pyright: ignore[reportUnknownVariableType]

        folder = Path(output).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        manifest = training_manifest(Path(data))
        if list(manifest.classes) != list(self.meta.classes):
            raise TransferError(
                f"The network is for {', '.join(self.meta.classes[:5])}; the folder {data} holds "
                f"{', '.join(manifest.classes[:5])}. Name the folder's classes in that order."
            )
        (folder / MANIFEST).write_text(manifest.model_dump_json())
        tensors = {key: each.detach().contiguous().clone() for key, each in self.weights.items()}
        save_file(tensors, folder / START)
        spec = TrainSpec(
            document=self.document,
            manifest=MANIFEST,
            output=".",
            config=RunConfig.model_validate({**self.config.model_dump(), **settings}),
            initial_weights=START,
        )
        (folder / SPEC).write_text(spec.model_dump_json(by_alias=True))
        return folder / SPEC

    def train(self, data: str | Path, output: str | Path, **settings: object) -> Path:
        """Train in a process of its own and return the folder with its checkpoints.

        Raises:
            TransferError: The run failed; its events say why.
        """
        spec = self.prepare_run(data, output, **settings)
        command = [sys.executable, "-m", "netloom", "train", str(spec), "--bundle",
                   str(spec.parent / "trained.netloom")]  # fmt: skip
        done = subprocess.run(command, check=False, env=os.environ.copy())
        if done.returncode != 0:
            raise TransferError("The run failed; what it said above tells why.")
        return spec.parent


def transfer(
    network: str | Path | ImportedNetwork | Bundle,
    classes: Sequence[str],
    *,
    freeze: str = "backbone",
    head: Literal["same", "pooled"] = "same",
    dropout: float = 0.2,
    backbone_rate: float = 0.1,
    is_graded: bool = False,
    unfreeze_every_epochs: int | None = None,
    input_size_px: tuple[int, int] | None = None,
) -> Transferred:
    """Make a trained network ready for other classes.

    Args:
        network: A file of any kind that opens as a network with weights, or one that was opened.
        classes: Their names, in the order of the new output.
        freeze: `backbone`: the new head alone learns; `none`: everything does; or a layer's name.
        head: `same` replaces the last layer, `pooled` everything behind the last feature map,
            which also takes images of another size.
        dropout: Before a pooled head.
        backbone_rate: Factor of the learning rate for earlier layers that learn.
        is_graded: The factor rises from the first layer to the head.
        unfreeze_every_epochs: Thaw one group of layers each so many epochs.
        input_size_px: Height and width; None keeps those the weights were trained with.

    Raises:
        FormatError: The file cannot be opened.
        TransferError: It has no weights, or no head that can be replaced.
    """
    opened = _open(network)
    if not opened.weights:
        raise TransferError(
            "The network has no weights, so there is nothing to transfer. Bring some into it with "
            "`netloom match`, or take a trained one."
        )
    options = TransferOptions(
        freeze=freeze, head=head, dropout=dropout, backbone_rate=backbone_rate,
        is_graded=is_graded, unfreeze_every_epochs=unfreeze_every_epochs,
        input_size_px=input_size_px,
    )  # fmt: skip
    document = with_preprocessing(opened.document, opened.meta)
    try:
        adapted = adapt_network(document, len(classes), options)
    except ActRefused as refusal:
        raise TransferError(str(refusal)) from refusal
    if adapted.problems:
        raise TransferError(f"The network does not fit together any more: {adapted.problems[0]}")
    described = make_meta(
        adapted.document,
        classes=list(classes),
        licence=opened.meta.licence,
        description=opened.meta.description,
    )
    return Transferred(
        document=adapted.document,
        weights=_surviving(document, adapted, opened.weights),
        meta=described,
        adapted=adapted,
        config=run_config(adapted),
    )


def run_config(adapted: Adapted) -> RunConfig:
    """Return the run that suits a network that was adapted."""
    run = adapted.run
    return RunConfig(
        optimizer=OptimizerConfig(learning_rate=run.learning_rate),
        epochs=run.epochs,
        unfreeze=UnfreezeConfig(
            is_enabled=run.unfreeze_every_epochs is not None,
            every_epochs=run.unfreeze_every_epochs or 2,
            rate_factor=run.unfreeze_rate_factor,
        ),
    )


def with_preprocessing(document: Document, meta: BundleMeta) -> Document:
    """Return a network whose image input is as the weights' own description has it.

    A description that says nothing, or that is of another number of channels, changes nothing.
    """
    known = {key: meta.preprocessing[key] for key in ("mean", "std") if key in meta.preprocessing}
    nodes = dict(document.graph.nodes)
    inputs = [(key, node) for key, node in nodes.items() if node.type == ImageInput.type_name]
    if len(known) < 2 or len(inputs) != 1:
        return document
    ((node_id, node),) = inputs
    params: dict[str, ParamValue] = {**node.params}
    for name, value in known.items():
        params[name] = [*value] if isinstance(value, list) else value
    try:
        ImageInput.Params.model_validate(params)
    except ValueError:
        return document
    nodes[node_id] = node.model_copy(update={"params": params})
    graph = document.graph.model_copy(update={"nodes": nodes})
    return document.model_copy(update={"graph": graph})


def _open(network: str | Path | ImportedNetwork | Bundle) -> ImportedNetwork:
    if isinstance(network, ImportedNetwork):
        return network
    if isinstance(network, Bundle):
        report = ImportReport(format="Netloom bundle")
        return ImportedNetwork(network.document, report, network.weights, network.meta)
    from netloom.formats.read import read_network

    path = Path(network)
    if not path.exists():
        raise FormatError(f"{path} is not there.")
    return read_network(path)


def _surviving(before: Document, adapted: Adapted, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights that the new network starts from."""
    from netloom.surgery.expand import expand
    from netloom.surgery.remap import remap_weights

    remapped = remap_weights(before, adapted.document, weights).weights
    own = {
        spec.key: spec.shape
        for use in expand(adapted.document).uses
        for spec in (*use.parameters, *use.buffers)
    }
    return {key: tensor for key, tensor in remapped.items() if own.get(key) == tuple(tensor.shape)}
