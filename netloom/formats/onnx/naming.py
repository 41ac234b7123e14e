"""Names: what exporters write into the names of nodes becomes module paths and short names."""

from __future__ import annotations

import re
from ast import literal_eval
from collections.abc import Sequence
from typing import cast

from onnx import NodeProto

_OTHER = re.compile(r"[^A-Za-z0-9_]+")
_NUMBERED = re.compile(r"(?:node_)?([A-Za-z]*)[_.]?\d*\Z")
_SAYS_NOTHING = frozenset({"", "n", "op", "node", "layer"})


def scope_path(name: str) -> str:
    """Return the module that a node belongs to, `layer1.0.conv1` of `/layer1/layer1.0/conv1/Conv`.

    Empty where the name says none.
    """
    *scopes, _ = name.split("/")
    path = ""
    for scope in scopes:
        if not scope:
            continue
        outer, _, last = path.rpartition(".")
        # PyTorch repeats what holds a numbered module: `downsample/downsample.0`.
        if scope.startswith(f"{path}.") or not path:
            path = scope
        elif scope.startswith(f"{last}."):
            path = joined(outer, scope)
        else:
            path = f"{path}.{scope}"
    return path[:512]


_COUNTER = re.compile(r"_\d+\Z")
_SCOPES, _CLASSES = "pkg.torch.onnx.name_scopes", "pkg.torch.onnx.class_hierarchy"
_MAX_LISTED_CHARS = 10_000


def module_of(node: NodeProto) -> tuple[str, dict[str, str]]:
    """Return the module that a node belongs to, and the classes of it and those around it.

    PyTorch writes both beside the node; others write the module into the node's name.
    """
    told = {each.key: each.value for each in node.metadata_props if each.key in (_SCOPES, _CLASSES)}
    scopes = _listed(told.get(_SCOPES, ""))[:-1]  # the last is the operation itself
    if not scopes:
        return scope_path(node.name), {}
    classes = _listed(told.get(_CLASSES, ""))
    names = {
        path: _OTHER.sub("_", each.rpartition(".")[2])[:60]
        for path, each in zip(scopes, classes, strict=False)
        if path
    }
    return scopes[-1][:512], names


def _listed(text: object) -> list[str]:
    """Read a list of texts as Python writes it; nothing where it is something else."""
    if not isinstance(text, str) or len(text) > _MAX_LISTED_CHARS:
        return []
    try:
        found: object = literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return []
    if not isinstance(found, list):
        return []
    items = cast("list[object]", found)
    return [item for item in items if isinstance(item, str)]


def joined(outer: str, inner: str) -> str:
    """Return the path of a module within another."""
    return ".".join(each for each in (outer, inner) if each)[:512]


def node_name(node: NodeProto, path: str) -> str:
    """Return what the nodes drawn for a node are called; empty for the layer's usual name."""
    last = node.name.rpartition("/")[2]
    if path:
        stem = _OTHER.sub("_", path.rpartition(".")[2])
        whole = _OTHER.sub("_", path)
        short = whole if len(whole) <= 40 else stem
        kind = node.op_type.lower()
        last = _COUNTER.sub("", last.removeprefix("node_"))  # equal modules have equal names
        is_told = kind in stem.lower() or node.op_type in ("Conv", "Gemm", "MatMul")
        return short if is_told else f"{short}_{_OTHER.sub('_', last) or kind}"
    numbered = _NUMBERED.match(last)
    if numbered and numbered[1].lower() in (_SAYS_NOTHING | {node.op_type.lower()}):
        return ""
    return _OTHER.sub("_", last)[:60]


def port_names(names: Sequence[str], stem: str) -> list[str]:
    """Return names of ports that a placeholder can have, all different."""
    found: list[str] = []
    for index, name in enumerate(names):
        text = _OTHER.sub("_", name)[:48]
        if not text or text[0].isdigit():
            text = f"{stem}_{text}".rstrip("_")
        found.append(text if text not in found else f"{text[:48]}_{index}")
    return found
