"""Which node of a network PyTorch's exporters failed at: the gap that an exception stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from torch import fx

from netloom.compile.module import Network
from netloom.formats.error_gaps import named_node
from netloom.formats.exported import ExportError, ExportGap

_MOST_CAUSES = 20
_NEXT_STEP = "Choose another format, or put other layers in its place."


def export_failure(error: BaseException, network: Network, did: str, reason: str) -> ExportError:
    """Return an exception of PyTorch's exporters as one that names the node, where one is to blame.

    Args:
        did: What PyTorch could not do, `record the network`.
        reason: What the exception says.
    """
    path = failed_node(error, network)
    if path is None:
        return ExportError(f"PyTorch cannot {did}: {reason}")
    name, node = named_node(network.netloom_origins.document, path)
    gap = ExportGap(
        path=path,
        name=name[:2000],
        type=node.type if node is not None else "",
        reason=f"PyTorch cannot {did}: {reason}"[:2000],
        next_step=_NEXT_STEP,
    )
    return ExportError(str(gap), [gap])


def failed_node(error: BaseException, network: Network) -> str | None:
    """Return the path of the node that an exporter stopped at; None where it does not show.

    Either the exception passed through the node's module while the network was run, or the exporter
    was at a call that knows which modules it stands in.
    """
    nodes = network.netloom_nodes
    modules = {id(network.get_submodule(name)): path for name, path in nodes.items()}
    for cause in _chain(error):
        path = _node_that_ran(cause, modules) or _node_of_call(cause, nodes)
        if path is not None:
            return path
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    for _ in range(_MOST_CAUSES):
        if found is None:
            return
        yield found
        found = found.__cause__ or found.__context__


def _node_that_ran(error: BaseException, modules: Mapping[int, str]) -> str | None:
    """Return the innermost node whose module an exception passed through."""
    found: str | None = None
    for values in _locals(error):
        found = modules.get(id(values.get("self")), found)
    return found


def _node_of_call(error: BaseException, nodes: Mapping[str, str]) -> str | None:
    """Look for a call in what the exporter's functions held when they gave up."""
    found: str | None = None
    for values in _locals(error):
        for value in values.values():
            if isinstance(value, fx.Node):
                found = _node_of_modules(value, nodes) or found
    return found


def _locals(error: BaseException) -> Iterator[Mapping[str, object]]:
    """Yield what every function held that an exception passed, the innermost last."""
    traceback = error.__traceback__
    while traceback is not None:
        yield traceback.tb_frame.f_locals
        traceback = traceback.tb_next


def _node_of_modules(call: fx.Node, nodes: Mapping[str, str]) -> str | None:
    stack = cast("Mapping[str, tuple[str, object]]", call.meta.get("nn_module_stack") or {})
    for path, _ in reversed(list(stack.values())):
        parts = path.replace("L['self'].", "").split(".")
        for end in range(len(parts), 0, -1):
            if (known := nodes.get(".".join(parts[:end]))) is not None:
                return known
    return None
