"""From a plan to a `torch.fx.GraphModule`: one module per use, named after its node.

Blocks become nested graph modules, repeats an `nn.Sequential` of them. Nothing works in place and
every operator is a module, so hooks, Grad-CAM, pruning and deep copies work on every network.
"""

from __future__ import annotations

import operator
from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from torch import fx, nn
from torch.nn.modules.batchnorm import _BatchNorm  # pyright: ignore[reportPrivateUsage]

from netloom.compile.errors import CompileError, node_of_exception
from netloom.compile.initialise import derive_seed, initialise
from netloom.compile.plan import plan_network
from netloom.compile.safe_names import is_safe_name
from netloom.compile.steps import BlockStep, LayerStep, Scope, Step, Value
from netloom.graph.document import Document
from netloom.layers.learning import LearningParams

_META = "netloom"


@dataclass(frozen=True, slots=True)
class Origins:
    """Where the modules of a network come from. All keys are module names (`stage1.0.conv1`).

    Attributes:
        document: What was compiled.
        nodes: Path of the node: `id`, or `instance/inner` in a block, without repeat numbers.
        weights: Path of its weights: as `nodes`, with repeat numbers, `instance/0/inner`.
        owners: Path of its parameters, where other uses hold the same ones; buffers are its own.
        frozen: Modules whose parameters are not trained.
        learning: Layers with a learning rate or a weight decay of their own.
    """

    document: Document
    nodes: dict[str, str] = field(default_factory=dict[str, str])
    weights: dict[str, str] = field(default_factory=dict[str, str])
    owners: dict[str, str] = field(default_factory=dict[str, str])
    frozen: list[str] = field(default_factory=list[str])
    learning: dict[str, LearningParams] = field(default_factory=dict[str, LearningParams])


class Network(fx.GraphModule):
    """A compiled network.

    `forward` takes one tensor per input node and gives one per output node, each in the order of
    their names; a single output comes as it is, several as a tuple. An exception of a forward
    pass carries a note that names its node; `node_of_exception` gives the node's path.
    """

    @property
    def netloom_origins(self) -> Origins:
        """What was compiled, and which node each module comes from; kept by deep copies."""
        return cast("Origins", self.meta.get(_META) or Origins(Document()))

    @property
    def netloom_nodes(self) -> dict[str, str]:
        """Path of the node behind each module name."""
        return self.netloom_origins.nodes

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the forward pass."""
        try:
            return super().__call__(*args, **kwargs)
        except Exception as error:
            path = node_of_exception(error)
            if path is not None:
                error.add_note(f"Raised in node {_describe(self, path)}.")
            raise

    def train(self, mode: bool = True) -> Network:
        """Set training mode; the statistics of frozen batch normalisations stay as they are."""
        super().train(mode)
        if mode:
            for name in self.netloom_origins.frozen:
                for module in self.get_submodule(name).modules():
                    if isinstance(module, _BatchNorm):
                        module.eval()
        return self


def thaw_modules(network: Network, names: Collection[str]) -> None:
    """Let frozen modules learn; their batch normalisations follow the data from then on.

    Args:
        names: Among `netloom_origins.frozen`. What is frozen inside them as well is not thawed
            unless it is named.
    """
    frozen = network.netloom_origins.frozen
    frozen[:] = [name for name in frozen if name not in names]
    for name in names:
        network.get_submodule(name).requires_grad_(True)
    for name in frozen:
        network.get_submodule(name).requires_grad_(False)
    network.train(network.training)


_RESERVED = frozenset(dir(Network))


def _describe(network: Network, path: str) -> str:
    names = [name for name, found in network.netloom_nodes.items() if found == path]
    return f"{names[0]} ({path})" if names else path


def build_module(
    document: Document,
    *,
    seed: int = 0,
    plan: Scope | None = None,
    kept: Mapping[str, nn.Module] | None = None,
) -> Network:
    """Compile a document into a module in training mode.

    Weights are torch's default initialisation, or the one the node asks for, drawn from (seed, name
    path) for every layer on its own: the same seed gives the same network whatever the order in
    which it was drawn. The global random state is left as it was.

    Args:
        plan: Of this document, where the caller has planned it.
        kept: Modules that run in the place of placeholders, by node path, as an import of a module
            in this process gives them (`ImportedNetwork.kept`). They are used as they are.

    Raises:
        CompileError: The network has errors; they are listed.
    """
    kept = kept or {}
    scope = plan or plan_network(document, kept)
    builder = _Builder(seed, Origins(document), kept)
    with _kept_random_state():
        network = builder.scope(scope, _Place(), Network)
    network = cast("Network", network)
    network.meta[_META] = builder.origins
    for name in builder.origins.frozen:
        network.get_submodule(name).requires_grad_(False)
    network.train()
    return network


@contextmanager
def _kept_random_state() -> Generator[None]:
    state = torch.default_generator.get_state()
    try:
        yield
    finally:
        torch.default_generator.set_state(state)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a scope or a module stands, in the five ways to say it.

    Attributes:
        module: Attribute path, `stage.0.conv`; a single use of a block has no number.
        name: Names with repeat numbers, `stage/0/conv`: what seeds are drawn from, so that adding
            a repeat leaves the first one as it was.
        node: Ids without repeat numbers, `a1/b2`.
        weight: Ids with repeat numbers, `a1/0/b2`.
        owner: The same of the use that holds the parameters.
    """

    module: str = ""
    name: str = ""
    node: str = ""
    weight: str = ""
    owner: str = ""

    def of(self, step: Step) -> _Place:
        """Return the place of a module in this scope."""
        return _Place(
            f"{self.module}{step.name}",
            f"{self.name}{step.name}",
            f"{self.node}{step.node_id}",
            f"{self.weight}{step.node_id}",
            f"{self.owner}{step.weights_id}",
        )

    def inside(self, index: int, step: BlockStep) -> _Place:
        """Return the scope of repeat `index` of the block at this place."""
        return _Place(
            f"{self.module}." if len(step.bodies) == 1 else f"{self.module}.{index}.",
            f"{self.name}/{index}/",
            f"{self.node}/",
            f"{self.weight}/{index}/",
            f"{self.owner}/{0 if step.is_shared else index}/",
        )


@dataclass(slots=True)
class _Builder:
    seed: int
    origins: Origins
    kept: Mapping[str, nn.Module]

    def scope(
        self, scope: Scope, place: _Place, graph_module: type[fx.GraphModule] = fx.GraphModule
    ) -> fx.GraphModule:
        """Build the modules of a scope and the graph that calls them."""
        graph, root = fx.Graph(), nn.Module()
        values: dict[Value, fx.Node] = {
            port.value: graph.placeholder(port.name) for port in scope.inputs
        }
        for step in scope.steps:
            if step.name in _RESERVED:
                raise CompileError(
                    f"{step.name!r} already means something in PyTorch; rename the node."
                )
            root.add_module(step.name, self._module(step, place.of(step)))
            self._call(graph, step, values)
        for step in scope.steps:
            if step.shares_with is not None:
                owner = root.get_submodule(step.shares_with)
                share_parameters(owner, root.get_submodule(step.name))
                self._learn_as(place.module, step.shares_with, step.name)
        outputs = tuple(values[port.value] for port in scope.outputs)
        graph.output(outputs[0] if len(outputs) == 1 else outputs)
        return graph_module(
            root, graph, class_name=scope.name if is_safe_name(scope.name) else "Network"
        )

    def _module(self, step: Step, place: _Place) -> nn.Module:
        self.origins.nodes[place.module] = place.node
        if step.is_frozen:
            self.origins.frozen.append(place.module)
        if isinstance(step, LayerStep):
            if place.weight in self.kept:
                return self.kept[place.weight]
            self.origins.weights[place.module] = place.weight
            self.origins.owners[place.module] = place.owner
            torch.default_generator.manual_seed(derive_seed(self.seed, place.name))
            module = step.layer.make_module(step.params, step.input_shapes)
            if step.shares_with is None:
                initialise(module, step.learning, self.seed, place.name)
            if step.learning.has_factors:
                self.origins.learning[place.module] = step.learning
            return module
        repeats = [
            self.scope(body, place.inside(index, step)) for index, body in enumerate(step.bodies)
        ]
        if step.is_shared:
            for repeat in repeats[1:]:
                share_parameters(repeats[0], repeat)
        return repeats[0] if len(repeats) == 1 else nn.Sequential(*repeats)

    def _learn_as(self, prefix: str, owner: str, user: str) -> None:
        """Let the layers of a module learn as those do whose parameters they hold."""
        learning = self.origins.learning
        for path in [path for path in learning if _is_within(path, f"{prefix}{user}")]:
            del learning[path]
        held = f"{prefix}{owner}"
        for path, found in [each for each in learning.items() if _is_within(each[0], held)]:
            learning[f"{prefix}{user}{path.removeprefix(held)}"] = found

    def _call(self, graph: fx.Graph, step: Step, values: dict[Value, fx.Node]) -> None:
        arguments = tuple(values[value] for value in step.arguments)
        if isinstance(step, BlockStep) and len(step.bodies) > 1 and len(arguments) > 1:
            # nn.Sequential passes one tensor; several go through the repeats one by one.
            for index in range(len(step.bodies)):
                result = graph.call_module(f"{step.name}.{index}", arguments)
                arguments = _unpack(graph, result, len(step.results))
        else:
            result = graph.call_module(step.name, arguments)
            arguments = _unpack(graph, result, len(step.results))
        values.update(zip(step.results, arguments, strict=True))


def _is_within(path: str, module: str) -> bool:
    return path == module or path.startswith(f"{module}.")


def _unpack(graph: fx.Graph, result: fx.Node, count: int) -> tuple[fx.Node, ...]:
    if count == 1:
        return (result,)
    return tuple(graph.call_function(operator.getitem, (result, index)) for index in range(count))


def share_parameters(source: nn.Module, target: nn.Module) -> None:
    """Let `target` hold the Parameter objects of `source`; buffers stay its own."""
    for path, parameter in list(source.named_parameters(remove_duplicate=False)):
        owner, _, name = path.rpartition(".")
        setattr(target.get_submodule(owner), name, parameter)
