"""`features` and `classical`: what a layer sees as numbers, and how far classical models get."""

from __future__ import annotations

import shutil
from argparse import Namespace
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, cast

from netloom.commands.bundles import LoadedNetwork, load_network
from netloom.commands.output import complain, say, say_json
from netloom.commands.problem import CommandError
from netloom.data.folder import FolderError, read_folder
from netloom.data.manifest import Manifest, Split
from netloom.features.results import (
    ClassicalModel,
    ClassicalResult,
    ClassicalSettings,
    FeatureError,
    HandMadeKind,
)

if TYPE_CHECKING:
    from netloom.features.classical import Fitted
    from netloom.features.table import FeatureTable

_ITSELF = "The network itself"


def features(options: Namespace) -> int:
    """Write what a layer gives for each image as a table, or list the layers."""
    network = load_network(options)
    if options.data is None:
        return _list_layers(options, network)
    if options.out is None:
        raise CommandError("Say where to write the table: -o FOLDER.")
    manifest, folder = _read_data(options.data)
    out: Path = options.out
    with _said(), _cache(options) as cache:
        table = _of_layer(options, network, manifest, folder, (options.split,), cache)[
            options.split
        ]
        try:
            shutil.copytree(table.folder, out, dirs_exist_ok=True)
        except OSError as error:
            raise CommandError(f"{out} cannot be written: {error}.") from error
    rows, numbers = table.features_ND.shape
    if options.json:
        about = {"words": table.about.words, "unreadable": table.about.unreadable}
        say_json({"out": str(out), "rows": rows, "features": numbers, **about})
        return 0
    say(f"{out}: {rows:,} images. {table.about.words}")
    say('features = numpy.load("features.npy", mmap_mode="r"); labels = numpy.load("labels.npy")')
    return 0


def classical(options: Namespace) -> int:
    """Fit classical models and compare them, and the network itself, on one split."""
    if options.network is None and not options.baseline:
        options.baseline = ["pixels", "hog", "colours"]
    network = load_network(options) if options.network is not None else None
    manifest, folder = _read_data(options.data)
    results: list[ClassicalResult] = []
    with _said(), _cache(options) as cache:
        for tables in _all_tables(options, network, manifest, folder, cache):
            for model in options.model:
                fitted = _fit(tables, options, model)
                results.append(fitted.result)
                if not options.json:
                    _tell(fitted.result)
                if options.out is not None:
                    _keep(fitted, options.out)
        own = None if network is None else _itself(network, manifest, folder, options.split)
    if options.json:
        answer: dict[str, object] = {"split": options.split}
        answer["results"] = [each.model_dump(mode="json") for each in results]
        if own is not None:
            answer["network"] = {"accuracy": own}
        say_json(answer)
    elif own is not None:
        say(f"{own:7.2%}  {'':>8}  {_ITSELF}")
    return 0


def _list_layers(options: Namespace, network: LoadedNetwork) -> int:
    from netloom.features.layers import default_feature_layer, feature_layers

    document = network.network.netloom_origins.document
    with _said():
        default = default_feature_layer(document).path
        layers = feature_layers(document)
    if options.json:
        say_json(
            [
                {
                    "name": each.name,
                    "type": each.type,
                    "features": each.num_features(options.pool),
                    "default": each.path == default,
                }
                for each in layers
            ]
        )
        return 0
    for each in layers:
        say(f"{'*' if each.path == default else ' '} {each.words(options.pool)}")
    say("* is taken when no --layer is named. With --data and -o the table is written.")
    return 0


def _all_tables(
    options: Namespace,
    network: LoadedNetwork | None,
    manifest: Manifest,
    folder: Path,
    cache: Path,
) -> Iterator[dict[Split, FeatureTable]]:
    from netloom.features.handmade import HandMade, handmade_tables

    splits: tuple[Split, ...] = ("train", options.split)
    if network is not None:
        yield _of_layer(options, network, manifest, folder, splits, cache)
    preprocessing = None if network is None else network.preprocessing
    for kind in cast("list[HandMadeKind]", options.baseline):
        chosen = HandMade.for_input(kind, preprocessing)
        yield handmade_tables(chosen, manifest, folder, cache=cache, splits=splits)


def _of_layer(
    options: Namespace,
    network: LoadedNetwork,
    manifest: Manifest,
    folder: Path,
    splits: tuple[Split, ...],
    cache: Path,
) -> dict[Split, FeatureTable]:
    from netloom.features.extract import layer_tables

    return layer_tables(
        network.network,
        manifest,
        folder,
        cache=cache,
        splits=splits,
        layer=options.layer,
        pooling=options.pool,
    )


def _fit(tables: dict[Split, FeatureTable], options: Namespace, model: ClassicalModel) -> Fitted:
    from netloom.features.classical import fit_classical

    settings = ClassicalSettings(
        model=model, c=options.c, seed=options.seed, most_rows=options.most
    )
    return fit_classical(tables["train"], tables[options.split], settings)


def _itself(network: LoadedNetwork, manifest: Manifest, folder: Path, split: Split) -> float | None:
    """Accuracy of the network on the same images, where its outputs are their classes."""
    from netloom.explain import predict_items

    try:
        places = network.places_of(manifest.classes)
    except CommandError:
        return None
    if not network.meta.classes and not _has_outputs(network, len(manifest.classes)):
        return None
    items = [item for item in manifest.items if item.split == split and item.label is not None]
    found = predict_items(network.network, items, folder, top_k=1)
    right = [
        places[each.label] == each.classes[0]
        for each in found
        if each.label is not None and each.classes
    ]
    return sum(right) / len(right) if right else None


def _has_outputs(network: LoadedNetwork, num_classes: int) -> bool:
    from netloom.compile.plan import plan_network

    outputs = plan_network(network.network.netloom_origins.document).outputs
    return len(outputs) == 1 and outputs[0].shape[-1].size == num_classes


def _tell(result: ClassicalResult) -> None:
    seconds = f"{result.fit_seconds:.1f} s"
    say(f"{result.accuracy:7.2%}  {seconds:>8}  {result.title} on {result.features}")
    for note in result.notes:
        say(f"{'':19}{note}")


def _keep(fitted: Fitted, out: Path) -> None:
    if fitted.linear is None:
        complain(f"{fitted.result.title} is not kept: only linear models are a matrix.")
        return
    try:
        fitted.linear.save(out)
    except OSError as error:
        raise CommandError(f"{out} cannot be written: {error.strerror or error}.") from error


def _read_data(path: Path) -> tuple[Manifest, Path]:
    try:
        return read_folder(path)
    except FolderError as error:
        raise CommandError(str(error)) from error


@contextmanager
def _said() -> Generator[None]:
    """Say what cannot be done in a sentence."""
    from netloom.compile import CompileError
    from netloom.data.preprocess import PreprocessingError
    from netloom.explain import ExplainError

    try:
        yield
    except (FeatureError, ExplainError, CompileError, PreprocessingError) as error:
        raise CommandError(str(error)) from error


@contextmanager
def _cache(options: Namespace) -> Generator[Path]:
    """A folder where tables stay for the next time, or one that goes away."""
    if options.cache is not None:
        yield options.cache
        return
    with TemporaryDirectory(prefix="netloom-features-") as folder:
        yield Path(folder)
