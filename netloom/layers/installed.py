"""Layer types that installed packages add by entry point. What is broken is left out, in words.

Every process of a studio finds the same ones: the order of the packages is that of their names,
never that of `sys.path`.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Collection
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import cast, get_args

from netloom.layers.base import AnyLayer, Category, LayerType

ENTRY_POINT_GROUP = "netloom.layers"
MAX_NAME_LENGTH = 128
_TYPE_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", re.ASCII)
_STEM = re.compile(r"[a-z_][a-z0-9_]*")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PackageProblem:
    """Something of a package that is not offered, or that does harm."""

    package: str
    message: str


@dataclass(frozen=True, slots=True)
class InstalledLayers:
    """What packages add.

    Attributes:
        layers: With the package each is of.
        modules: Top-level modules of the packages; generated source imports from them.
    """

    layers: tuple[tuple[str, AnyLayer], ...]
    problems: tuple[PackageProblem, ...]
    modules: frozenset[str]


def is_own(layer: AnyLayer) -> bool:
    """Whether a layer type is Netloom's own: only names of packages have a dot."""
    return "." not in layer.type_name


def load_installed(own_names: Collection[str]) -> InstalledLayers:
    """Load the layer types of every installed package.

    Args:
        own_names: Type names that Netloom has itself.
    """
    owners: dict[str, str] = dict.fromkeys(own_names, "Netloom")
    layers: list[tuple[str, AnyLayer]] = []
    problems: list[PackageProblem] = []
    modules: set[str] = set()
    found = entry_points(group=ENTRY_POINT_GROUP)
    for entry_point in sorted(found, key=lambda each: (_package(each), each.name)):
        package = _package(entry_point)
        items, harm = _items(entry_point)
        problems += [PackageProblem(package, message) for message in harm]
        modules.add(entry_point.module.partition(".")[0])
        for item in items:
            flaw = _flaw(item, owners)
            if flaw is not None:
                problems.append(PackageProblem(package, flaw))
                continue
            layer = cast("AnyLayer", item)
            owners[layer.type_name] = package
            layers.append((package, layer))
    for problem in problems:
        _log.warning("Layers of %s: %s", problem.package, problem.message)
    return InstalledLayers(tuple(layers), tuple(problems), frozenset(modules))


def _package(entry_point: EntryPoint) -> str:
    dist = entry_point.dist
    return entry_point.value if dist is None else f"{dist.name} {dist.version}"


def _items(entry_point: EntryPoint) -> tuple[tuple[object, ...], list[str]]:
    """Return what an entry point names, and what went wrong."""
    had_torch = "torch" in sys.modules
    try:
        loaded: object = entry_point.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - code of others fails as it likes
        reason = f"{type(error).__name__}: {error}"
        return (), [f"{entry_point.value} could not be loaded ({reason})."]
    is_many = isinstance(loaded, tuple | list)
    items = tuple(cast("tuple[object, ...]", loaded)) if is_many else (loaded,)
    harm: list[str] = []
    if "torch" in sys.modules and not had_torch:
        harm = [
            f"{entry_point.module} imports torch when it is loaded, which makes the pages slow to "
            "start. Declare layers in a module that imports it inside of make_module only."
        ]
    return items, harm


def _flaw(item: object, owners: dict[str, str]) -> str | None:
    """Return why an item cannot be offered. It is the work of others: nothing is for granted."""
    if not isinstance(item, LayerType):
        return f"{str(item)[:60]!r} is not a LayerType instance."
    layer = cast("AnyLayer", item)
    name = str(getattr(layer, "type_name", ""))
    if len(name) > MAX_NAME_LENGTH or not _TYPE_NAME.fullmatch(name):
        return (
            f"the type name {name[:60]!r} has to be the package's name, a dot and the layer's, "
            "such as acme.Swish: names without a dot are Netloom's own."
        )
    if name in owners:
        return f"{name} is already a layer type of {owners[name]}, so this one is left out."
    try:
        return _declaration_flaw(layer)
    except Exception as error:  # noqa: BLE001 - code of others fails as it likes
        return f"{name} could not be described ({type(error).__name__}: {error})."


def _declaration_flaw(layer: AnyLayer) -> str | None:
    from netloom.layers.describe import describe_layer

    name = layer.type_name
    if layer.role != "layer":
        return f"{name} has the role {layer.role!r}; packages add layers only."
    if layer.category not in get_args(Category):
        return f"{name} has the category {layer.category!r}, which is none of Netloom's."
    if not _STEM.fullmatch(layer.name_stem):
        return f"{name} has the name_stem {layer.name_stem!r}, which is no name for a variable."
    describe_layer(layer).model_dump_json()
    return None
