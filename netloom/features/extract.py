"""A layer's activations over a dataset.

Legend: B batch, C channels, H height, W width, D features.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from netloom.compile.module import Network
from netloom.compile.weights import state_weights
from netloom.data.items import LabelledItems
from netloom.data.manifest import Item, Manifest, Split
from netloom.data.preprocess import Preprocessing
from netloom.data.readable import ReadBatch, read_batches
from netloom.explain.logits import device_of, modules_of
from netloom.explain.results import Cancelled
from netloom.features.layers import FeatureLayer, find_layer
from netloom.features.results import FeatureError, Pooling
from netloom.features.table import FeatureTable, TableWriter, cached_table, table_key

BATCH_SIZE = 64
Progress = Callable[[float], None]
ShouldCancel = Callable[[], bool]
ToFeatures = Callable[[ReadBatch], NDArray[np.float32]]


def layer_tables(
    network: Network,
    manifest: Manifest,
    folder: Path,
    *,
    cache: Path,
    splits: Sequence[Split] = ("train", "test"),
    layer: str | None = None,
    pooling: Pooling = "average",
    progress: Progress | None = None,
    should_cancel: ShouldCancel | None = None,
) -> dict[Split, FeatureTable]:
    """Take what a layer gives for every labelled image of some splits.

    The network is in evaluation mode. What was taken before is read from the cache: the key is the
    network with its weights, the layer, and the content of the images.

    Args:
        folder: Where relative paths of the manifest start.
        cache: Folder for the tables; made when it is not there.
        layer: Name or path; None takes the last one before the classifier.
        pooling: What becomes of positions: their average, their maximum, or all of them.
        progress: Told the share that is done.
        should_cancel: Asked before each batch.

    Raises:
        FeatureError: No such layer, too many numbers, or no labelled images.
        PreprocessingError: The network does not say how an image becomes its input.
        Cancelled: `should_cancel` said so.
    """
    document = network.netloom_origins.document
    found = find_layer(document, layer)
    preprocessing = Preprocessing.from_document(document)
    digest = network_digest(network)

    def open_table(split: Split, tell: Progress) -> FeatureTable:
        items = labelled(manifest, split)
        key = table_key(
            network=digest,
            layer=found.path,
            pooling=pooling,
            data=data_fingerprint(manifest, folder, split),
        )

        def make(draft: Path) -> FeatureTable:
            with _watching(network, found, pooling, preprocessing) as to_features:
                batches = read_batches(items, folder, preprocessing, BATCH_SIZE)
                return write_table(
                    draft,
                    items,
                    manifest.classes,
                    found.words(pooling),
                    batches,
                    to_features,
                    tell,
                    should_cancel,
                )

        return cached_table(cache, key, make)

    return each_split(splits, open_table, progress)


def each_split(
    splits: Sequence[Split],
    open_table: Callable[[Split, Progress], FeatureTable],
    progress: Progress | None,
) -> dict[Split, FeatureTable]:
    """Open a table for each split, telling the share of all."""
    tables: dict[Split, FeatureTable] = {}
    for place, split in enumerate(splits):

        def tell(share: float, place: int = place) -> None:
            if progress is not None:
                progress((place + share) / len(splits))

        tables[split] = open_table(split, tell)
    return tables


def write_table(
    draft: Path,
    items: Sequence[Item],
    classes: Sequence[str],
    words: str,
    batches: Iterable[ReadBatch],
    to_features: ToFeatures,
    progress: Progress,
    should_cancel: ShouldCancel | None,
) -> FeatureTable:
    """Turn batches of images into a table."""
    writer: TableWriter | None = None
    unreadable: dict[str, str] = {}
    num_done = 0
    for batch in batches:
        if should_cancel is not None and should_cancel():
            raise Cancelled
        unreadable |= batch.problems
        if batch.items:
            features_BD = to_features(batch)
            writer = writer or TableWriter(draft, len(items), features_BD.shape[1])
            writer.add(batch.items, features_BD)
        num_done += len(batch.seen)
        progress(num_done / len(items))
    if writer is None:
        raise FeatureError(f"None of the {len(items):,} images could be read.")
    return writer.finish(words, classes, unreadable)


def labelled(manifest: Manifest, split: Split) -> list[Item]:
    """Return the items of a split that have a label; raises FeatureError when there is none."""
    items = [item for item in manifest.items if item.split == split and item.label is not None]
    if not items:
        raise FeatureError(
            f"The dataset has no labelled images in its {split} split. Label some, or choose "
            "another split."
        )
    return items


def network_digest(network: Network) -> str:
    """Return a hash of a network and its weights: what decides all of its answers."""
    state = hashlib.sha256(network.netloom_origins.document.model_dump_json().encode())
    for key, tensor in sorted(state_weights(network).items()):
        state.update(f"{key}|{tensor.dtype}|{tuple(tensor.shape)}".encode())
        state.update(tensor.cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return state.hexdigest()


def data_fingerprint(manifest: Manifest, folder: Path, split: Split) -> str:
    """Return a hash of the images, labels and classes of a split."""
    items = LabelledItems.select(manifest, folder, (split,))
    try:
        return items.fingerprint(items.content_digests(lambda: None))
    except OSError as error:
        name = Path(error.filename or "An image").name
        raise FeatureError(f"{name} cannot be read: {error.strerror or error}.") from error


@contextmanager
def _watching(
    network: Network, layer: FeatureLayer, pooling: Pooling, preprocessing: Preprocessing
) -> Generator[ToFeatures]:
    """Within this context, a function gives the layer's features of a batch."""
    module = modules_of(network, layer.path)[-1]
    seen: list[Tensor] = []
    device = device_of(network)

    def keep(_module: nn.Module, _inputs: object, output: object) -> None:
        if isinstance(output, Tensor):
            seen[:] = [output]

    def to_features(batch: ReadBatch) -> NDArray[np.float32]:
        pixels_BCHW = torch.as_tensor(batch.pixels_BCHW).to(device)
        with torch.inference_mode():
            network(preprocessing.normalise(pixels_BCHW))
            if not seen:
                raise FeatureError(f"{layer.name} was not reached, or gives no numbers.")
            return _pooled(seen.pop(), layer, pooling).float().cpu().numpy()

    was_training = network.training
    handle = module.register_forward_hook(keep)
    network.eval()
    try:
        yield to_features
    finally:
        handle.remove()
        network.train(was_training)


def _pooled(output: Tensor, layer: FeatureLayer, pooling: Pooling) -> Tensor:
    """Return [B, D] of what a layer gave."""
    positions = layer.positions
    if pooling == "flat" or layer.channel_axis is None or not positions:
        return output.flatten(1)
    if pooling == "average":
        return output.float().mean(dim=positions)
    return output.amax(dim=positions)
