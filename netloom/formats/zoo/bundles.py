"""A folder of bundles as a zoo: what an installation or a group keeps for everybody."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from netloom.analyze import Analysis, analyze
from netloom.formats.bundle import NETWORK, BundleError, BundleInfo, read_bundle_info
from netloom.formats.imported import ImportedNetwork
from netloom.formats.zoo.provider import Task, ZooEntry, ZooError, ZooInput, ZooWeights
from netloom.graph.document import Document
from netloom.layers.input_output import ImageInput

PROVIDER = "bundles"
MAX_BUNDLES = 500
_ENDINGS = (".zip", ".netloom")
_TASKS: dict[int, Task] = {2: "classification", 4: "segmentation"}


class BundleFolder:
    """The bundles of a folder, each by its file's name. Lists without torch."""

    name = PROVIDER

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def entries(self) -> list[ZooEntry]:
        return [_entry(path) for path in self._files()]

    def path_of(self, name: str) -> Path:
        """Return the file of an entry; raises ZooError where it is gone."""
        for path in self._files():
            if _name(path) == name:
                return path
        raise ZooError(f"The folder of bundles holds no {name!r} any more.")

    def open(
        self,
        name: str,
        *,
        weights: str | Path | None = None,
        file: Path | None = None,
        may_download: bool = False,
        num_classes: int | None = None,
    ) -> ImportedNetwork:
        from netloom.formats.imported import FormatError
        from netloom.formats.read import read_network

        del weights, may_download
        if file is not None:
            raise ZooError(f"{name} is a bundle, which brings its own weights.")
        if num_classes is not None:
            raise ZooError(f"{name} is a bundle: replace its head after opening it.")
        try:
            return read_network(self.path_of(name))
        except FormatError as error:
            raise ZooError(str(error)) from error

    def _files(self) -> Sequence[Path]:
        try:
            found = sorted(self.folder.iterdir())
        except OSError:
            return []
        return [
            path
            for path in found
            if not path.name.startswith(".")
            and (path.suffix.lower() in _ENDINGS or (path / NETWORK).is_file())
        ][:MAX_BUNDLES]


def _name(path: Path) -> str:
    return path.stem if path.suffix.lower() in _ENDINGS else path.name


def _entry(path: Path) -> ZooEntry:
    try:
        stand = (path / NETWORK if path.is_dir() else path).stat()
    except OSError:
        return _broken(path, "It cannot be read.")
    return _read(path, stand.st_mtime_ns, stand.st_size)


@lru_cache(maxsize=2 * MAX_BUNDLES)
def _read(path: Path, changed_ns: int, size_bytes: int) -> ZooEntry:
    """Describe a bundle, once for each state of its file."""
    del changed_ns
    try:
        info = read_bundle_info(path)
    except BundleError as error:
        return _broken(path, f"{error} Write it again, or take it out of the folder.")
    analysis = analyze(info.document)
    weights = ZooWeights(
        name="bundle",
        is_default=True,
        size_mb=None if path.is_dir() else round(size_bytes / 1e6, 3),
        parameters=analysis.totals.parameters,
        gflops=analysis.totals.flops / 2e9,
        metrics=info.meta.metrics,
        licence=info.meta.licence,
        num_classes=len(info.meta.classes),
        note=info.meta.description,
        input=_input(info),
    )
    return ZooEntry(
        provider=PROVIDER, name=_name(path), task=_task(info.document, analysis), weights=(weights,)
    )


def _broken(path: Path, reason: str) -> ZooEntry:
    return ZooEntry(
        provider=PROVIDER, name=_name(path), task="other", can_open=False, reason=reason
    )


def _task(document: Document, analysis: Analysis) -> Task:
    """Guess from what the only output gives: one row of scores, or one for each pixel."""
    graph = document.graph
    ends = [key for key, node in graph.nodes.items() if node.type == "Output"]
    takes_images = any(node.type == ImageInput.type_name for node in graph.nodes.values())
    feeding = [edge.source.node for edge in graph.edges.values() if edge.target.node in ends]
    if len(ends) != 1 or len(feeding) != 1 or not takes_images:
        return "other"
    shapes = analysis.nodes[feeding[0]].outputs if feeding[0] in analysis.nodes else {}
    ranks = {len(shape) for shape in shapes.values()}
    return _TASKS.get(ranks.pop(), "other") if len(ranks) == 1 else "other"


def _input(info: BundleInfo) -> ZooInput:
    """Say what the image input takes; the usual where there is none."""
    given = info.meta.preprocessing

    def whole(key: str, default: int) -> int:
        value = given.get(key, default)
        return int(value) if isinstance(value, int | float) else default

    def numbers(key: str) -> tuple[float, ...]:
        value = given.get(key)
        return tuple(value) if isinstance(value, list) else ()

    return ZooInput(
        channels=whole("channels", 3),
        height=whole("height", 224),
        width=whole("width", 224),
        mean=numbers("mean"),
        std=numbers("std"),
    )
