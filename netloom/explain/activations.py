"""What every layer gives for one sample: the numbers and small pictures of a live preview.

Only summaries are kept: each tensor is looked at when it leaves its layer and let go again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import cast

import torch
from torch import Tensor, nn

from netloom.analyze import analyze
from netloom.analyze.model import NodeAnalysis
from netloom.compile import Network, node_of_exception
from netloom.compile.plan import Scope, plan_network
from netloom.explain.activation_results import (
    ActivationOptions,
    NodeActivation,
    PreviewError,
    TensorSummary,
)
from netloom.explain.box_picture import box_picture, holds_detections
from netloom.explain.results import Cancelled
from netloom.explain.tensor_picture import picture_of
from netloom.explain.tensor_summary import notes_of, summarise
from netloom.graph.document import BlockDefinition, Document, Node
from netloom.graph.topology import block_ports

PassedOn = Callable[[int], None]


def activations(
    network: Network,
    inputs: Sequence[Tensor],
    options: ActivationOptions = ActivationOptions(),  # noqa: B008 - frozen
    *,
    only: str | None = None,
    should_cancel: Callable[[], bool] = lambda: False,
    progress: PassedOn = lambda _count: None,
    plan: Scope | None = None,
) -> dict[str, NodeActivation]:
    """Push one sample through a network and summarise what each node gives.

    The network runs in evaluation mode without gradients: dropout passes everything on, batch
    normalisation uses what it has learned. It is left in the mode it was in.

    Args:
        inputs: One tensor per input node, in the order of their names, each a batch of one.
        only: Path of the single node to look at.
        should_cancel: Asked after every layer.
        progress: Told how many layers are done.
        plan: Of the network's document, where the caller has planned it.

    Returns:
        By path: the node's id, or `instance/inner` inside a block. Of several repeats, the inside
        is that of the first, and the instance gives what the last one gives.

    Raises:
        Cancelled: `should_cancel` said so.
        PreviewError: A layer refused its input; the text names it.
    """
    watch = _Watch(network.netloom_origins.document, options, only, should_cancel, progress)
    was_training = network.training
    network.eval()
    try:
        with ExitStack() as stack, torch.inference_mode():
            for hook in watch.hooks(network):
                stack.callback(hook.remove)
            scope = plan or plan_network(watch.document)
            for port, tensor in zip(scope.inputs, inputs, strict=True):
                watch.see(port.value.node_id, tensor)
            given = network(*inputs)
            ids = {node.name: node_id for node_id, node in watch.document.graph.nodes.items()}
            for port, tensor in zip(scope.outputs, _each(given), strict=True):
                watch.see(ids[port.name], tensor)
    except (Cancelled, PreviewError):
        raise
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        raise _refusal(network, error) from error
    finally:
        network.train(was_training)
    return watch.seen


@dataclass(slots=True)
class _Watch:
    document: Document
    options: ActivationOptions
    only: str | None
    should_cancel: Callable[[], bool]
    progress: PassedOn
    analyses: dict[str, NodeAnalysis] = field(init=False)
    seen: dict[str, NodeActivation] = field(init=False)
    num_passed: int = 0

    def __post_init__(self) -> None:
        self.analyses = analyze(self.document).nodes
        self.seen = {}

    def hooks(self, network: Network) -> Iterator[torch.utils.hooks.RemovableHandle]:
        """Watch the first use of every node."""
        met: set[str] = set()
        for module_name, path in network.netloom_nodes.items():
            if path in met:
                continue
            met.add(path)
            node = self._node(path)
            module = network.get_submodule(module_name)
            definition = self.document.graph.blocks.get(node.block or "")
            if definition is None:
                yield module.register_forward_hook(self._layer_hook(path))
                continue
            bodies = list(module.children()) if node.repeat > 1 else [module]
            # Several repeats with several inputs are called one by one, not as a sequence.
            yield bodies[0].register_forward_hook(self._body_hook(path, definition))
            yield bodies[-1].register_forward_hook(self._layer_hook(path))

    def see(self, path: str, given: object) -> None:
        """Keep what is to be known of what a node gave."""
        if self.should_cancel():
            raise Cancelled
        if self.only is not None and path != self.only:
            return
        analysis = self.analyses.get(path)
        ports = [*analysis.outputs] if analysis is not None else []
        outputs: list[TensorSummary] = []
        notes: list[str] = []
        for index, tensor in enumerate(_each(given)):
            if not isinstance(tensor, Tensor):
                continue
            port = ports[index] if index < len(ports) else "output"
            dims = analysis.outputs.get(port, []) if analysis is not None else []
            summary = summarise(tensor, port)
            axes = [dim["axis"] for dim in dims]
            picture = (
                box_picture(tensor)
                if holds_detections(axes)
                else picture_of(tensor, "".join(axes), self.options)
            )
            outputs.append(summary.model_copy(update={"picture": picture}))
            notes += notes_of(tensor, summary, self._node(path).type)
        self.seen[path] = NodeActivation(outputs=outputs, notes=notes)

    def _layer_hook(self, path: str) -> Callable[[nn.Module, object, object], None]:
        def hook(_module: nn.Module, _inputs: object, given: object) -> None:
            self.see(path, given)
            self.num_passed += 1
            self.progress(self.num_passed)

        return hook

    def _body_hook(
        self, path: str, definition: BlockDefinition
    ) -> Callable[[nn.Module, tuple[object, ...], object], None]:
        ports = block_ports(definition)

        def hook(_module: nn.Module, inputs: tuple[object, ...], given: object) -> None:
            for node_id, tensor in zip(ports.inputs.values(), inputs, strict=True):
                self.see(f"{path}/{node_id}", tensor)
            for node_id, tensor in zip(ports.outputs.values(), _each(given), strict=True):
                self.see(f"{path}/{node_id}", tensor)

        return hook

    def _node(self, path: str) -> Node:
        graph = self.document.graph
        first, *inner = path.split("/")
        node = graph.nodes[first]
        for node_id in inner:
            node = graph.blocks[node.block or ""].nodes[node_id]
        return node


def _each(given: object) -> tuple[object, ...]:
    """Return what a module gave as a tuple: several outputs come as one already."""
    return cast("tuple[object, ...]", given) if isinstance(given, tuple) else (given,)


def _refusal(network: Network, error: Exception) -> PreviewError:
    path = node_of_exception(error)
    names = [name for name, found in network.netloom_nodes.items() if found == path]
    where = f" at {names[0]}" if names else ""
    reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
    return PreviewError(f"The sample stops{where}: {reason[:300]}")
