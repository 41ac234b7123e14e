"""What a plan consists of: calls of layers and blocks, and the scopes they are made in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netloom.layers.base import AnyLayer
from netloom.layers.learning import LearningParams
from netloom.layers.params import LayerParams
from netloom.layers.shapes import Shape


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor of a scope: what leaves an output port of a node."""

    node_id: str
    port: str


@dataclass(frozen=True, slots=True)
class ScopePort:
    """A tensor that enters or leaves a scope."""

    name: str
    value: Value
    shape: Shape


@dataclass(frozen=True, slots=True)
class LayerStep:
    """One call of one layer.

    Attributes:
        learning: How its weights start and learn.
        arguments: What the module takes, in port order.
        results: What it returns, in port order.
        weights_id: What its weights go by: its own id, unless it shares them.
        shares_with: Name of the step of this scope whose weights it uses, if they are not its own.
    """

    node_id: str
    name: str
    is_frozen: bool
    layer: AnyLayer
    params: LayerParams
    learning: LearningParams
    input_shapes: Mapping[str, Shape]
    arguments: tuple[Value, ...]
    results: tuple[Value, ...]
    weights_id: str
    shares_with: str | None = None


@dataclass(frozen=True, slots=True)
class BlockStep:
    """One use of a block: `bodies` are applied in sequence.

    Attributes:
        is_shared: All bodies hold the parameters of the first.
        weights_id: What its weights go by: its own id, unless it shares them.
        shares_with: Name of the step of this scope whose weights it uses, if they are not its own.
    """

    node_id: str
    name: str
    is_frozen: bool
    block_id: str
    bodies: tuple[Scope, ...]
    is_shared: bool
    arguments: tuple[Value, ...]
    results: tuple[Value, ...]
    weights_id: str
    shares_with: str | None = None


Step = LayerStep | BlockStep


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """The top level, or one use of a block definition. Compared by identity."""

    block_id: str | None
    name: str
    inputs: tuple[ScopePort, ...]
    steps: tuple[Step, ...]
    outputs: tuple[ScopePort, ...]


def scopes_by_block(network: Scope) -> list[list[Scope]]:
    """Return the different uses of every block, block by block, inner blocks before outer ones."""
    found: dict[str, dict[int, Scope]] = {}

    def visit(scope: Scope) -> None:
        for step in scope.steps:
            if isinstance(step, BlockStep):
                for body in {id(body): body for body in step.bodies}.values():
                    if id(body) not in found.get(step.block_id, {}):
                        visit(body)
                        found.setdefault(step.block_id, {})[id(body)] = body

    visit(network)
    return [list(scopes.values()) for scopes in found.values()]
