"""From block uses to classes: what all uses of a block agree on is written into its class, what
they differ in becomes a constructor argument.

Uses that differ in more than arguments get a class of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from netloom.compile.alignment import (
    Parameter,
    Slot,
    arguments_by_name,
    assign_parameters,
    default_of,
    skeleton,
)
from netloom.compile.errors import CompileError
from netloom.compile.expressions import (
    Argument,
    Atom,
    Call,
    Expression,
    Repeated,
    constructor_call,
)
from netloom.compile.forward import call_expression, forward_method
from netloom.compile.own_classes import OwnClass, carried
from netloom.compile.ports import docstring
from netloom.compile.safe_names import ClassNames
from netloom.compile.setup import GROUPS_FUNCTION, TIE_FUNCTION, setup_lines, shares_parameters
from netloom.compile.signatures import SIZES, signature_of
from netloom.compile.steps import BlockStep, LayerStep, Scope, Step, scopes_by_block
from netloom.graph.document import ExposedParam, Graph
from netloom.layers.base import Constructor
from netloom.layers.expect import failure_text
from netloom.layers.installed import is_own

SHARE_FUNCTION = "share_parameters"
_RESERVED_PARAMETERS = frozenset(
    {"self", "nn", "torch", "super", "range", "_", SHARE_FUNCTION, TIE_FUNCTION}
)


@dataclass(frozen=True, slots=True)
class GeneratedClass:
    """One class of the generated file.

    Attributes:
        parameters: Constructor arguments.
        docstring: Lines that say what the ports are; none where they are the usual ones.
        modules: Attribute name and constructor expression, in calling order.
        setup: Lines of the constructor behind them.
        forward: Lines of the forward method.
    """

    name: str
    parameters: Sequence[Parameter]
    docstring: Sequence[str]
    modules: Sequence[tuple[str, Expression]]
    setup: Sequence[str]
    forward: Sequence[str]


@dataclass(frozen=True, slots=True)
class _AlignedCall:
    """One constructor call of a class, for all uses of the class."""

    target: str
    slots: tuple[Slot, ...]


@dataclass(slots=True)
class ClassMaker:
    """Makes the classes of a network, inner ones first, the network last.

    Attributes:
        block_of_class: The block that each class is of; None for the network.
        imports: Modules of installed packages that classes are taken from.
    """

    graph: Graph
    classes: list[GeneratedClass] = field(default_factory=list[GeneratedClass])
    block_of_class: dict[str, str | None] = field(default_factory=dict[str, str | None])
    own_classes: Sequence[OwnClass] = ()
    imports: Sequence[str] = ()
    uses_sharing: bool = False
    uses_ties: bool = False
    _layer_calls: dict[int, list[Call]] = field(default_factory=dict[int, list[Call]])
    _class_of: dict[int, tuple[GeneratedClass, int]] = field(
        default_factory=dict[int, tuple[GeneratedClass, int]]
    )
    _names: ClassNames = field(
        default_factory=lambda: ClassNames({SHARE_FUNCTION, TIE_FUNCTION, GROUPS_FUNCTION})
    )

    def make_all(self, network: Scope) -> list[GeneratedClass]:
        """Make a class for every block in use and one for the network."""
        network_name = self.make_blocks(network)
        self._make(network_name, [network], [self._module_calls(network)])
        return self.classes

    def make_blocks(self, network: Scope) -> str:
        """Make a class for every block in use; return what that of the network is called."""
        blocks = scopes_by_block(network)
        self._carry_own_classes([*(scope for scopes in blocks for scope in scopes), network])
        network_name = self._names.give(network.name, "Network")
        for scopes in blocks:
            calls = {id(scope): self._module_calls(scope) for scope in scopes}
            for group in _alike(scopes, calls):
                name = self._names.give(group[0].name, "Block")
                self._make(name, group, [calls[id(scope)] for scope in group])
        self.block_of_class[network_name] = None
        return network_name

    def _carry_own_classes(self, scopes: Sequence[Scope]) -> None:
        """Find the classes that torch does not have; their names are theirs before any block's."""
        for scope in scopes:
            for step in scope.steps:
                if isinstance(step, LayerStep):
                    self._layer_calls[id(step)] = self._layer_call(step)
        targets = {call.target for calls in self._layer_calls.values() for call in calls}
        self.own_classes = carried(targets)
        self._names.taken.update(own.name for own in self.own_classes)
        places = {target.rpartition(".")[0] for target in targets} - {"", "nn"}
        self.imports = sorted(places)
        self._names.taken.update(place.partition(".")[0] for place in places)

    def _module_calls(self, scope: Scope) -> list[list[Call]]:
        """Return the constructor calls of each step: none, one, or one for each repeat."""
        return [self._step_calls(step) for step in scope.steps]

    def _step_calls(self, step: Step) -> list[Call]:
        if isinstance(step, BlockStep):
            return [self._use(body) for body in step.bodies]
        return self._layer_calls[id(step)]

    @staticmethod
    def _layer_call(step: LayerStep) -> list[Call]:
        if call_expression(step) is not None:
            return []
        return [constructor_call(_constructor_of(step))]

    def _use(self, scope: Scope) -> Call:
        made, index = self._class_of[id(scope)]
        arguments = (Argument(item.name, item.values[index]) for item in made.parameters)
        return Call(made.name, tuple(arguments))

    def _make(
        self, name: str, group: Sequence[Scope], calls: Sequence[Sequence[Sequence[Call]]]
    ) -> None:
        steps = group[0].steps
        slots, calls_of_step = self._slots(group[0], calls)
        assigned = assign_parameters(slots, _RESERVED_PARAMETERS | self._names.taken)
        names = {
            slot: Atom(parameter.name)
            for slot, parameter in zip(slots, assigned, strict=True)
            if parameter is not None
        }
        modules = [
            (step.name, self._container(step, [_assembled(call, names) for call in step_calls]))
            for step, step_calls in zip(steps, calls_of_step, strict=True)
            if step_calls
        ]
        unique = list(dict.fromkeys(item for item in assigned if item is not None))
        setup, forward = setup_lines(group[0]), forward_method(group[0])
        self.uses_ties = self.uses_ties or shares_parameters(group[0])
        ports = docstring(group[0], self.graph.nodes)
        made = GeneratedClass(name, unique, ports, modules, setup, forward)
        self.block_of_class[name] = group[0].block_id
        self.classes.append(made)
        self._class_of.update({id(scope): (made, index) for index, scope in enumerate(group)})

    def _slots(
        self, scope: Scope, calls: Sequence[Sequence[Sequence[Call]]]
    ) -> tuple[list[Slot], list[list[_AlignedCall]]]:
        """Return every argument of every constructor, and the constructors of each step."""
        exposed = self._exposed_names(scope)
        slots: list[Slot] = []
        calls_of_step: list[list[_AlignedCall]] = []
        for step_index, step in enumerate(scope.steps):
            aligned: list[_AlignedCall] = []
            for uses in zip(*(use[step_index] for use in calls), strict=True):
                target, named = uses[0].target, [arguments_by_name(use) for use in uses]
                positional = sum(argument.name is None for argument in uses[0].arguments)
                own = [
                    Slot(
                        index=len(slots) + position,
                        step_name=step.name,
                        argument=name,
                        values=tuple(
                            use[name] if name in use else default_of(target, name) for use in named
                        ),
                        is_positional=position < positional,
                        is_size=self._is_size(target, name),
                        exposed_name=exposed.get((step.node_id, name)),
                    )
                    for position, name in enumerate(_written(target, named))
                ]
                slots += own
                aligned.append(_AlignedCall(target, tuple(own)))
            calls_of_step.append(aligned)
        return slots, calls_of_step

    def _exposed_names(self, scope: Scope) -> dict[tuple[str, str], str]:
        if scope.block_id is None:
            return {}
        exposed: Mapping[str, ExposedParam] = self.graph.blocks[scope.block_id].exposed
        return {
            (target.node, target.param): name
            for name, each in sorted(exposed.items())
            for target in each.targets
        }

    def _is_size(self, target: str, name: str) -> bool:
        for made in self.classes:
            if made.name == target:
                return any(item.name == name and item.is_size for item in made.parameters)
        return name in SIZES

    def _container(self, step: Step, calls: Sequence[Call]) -> Expression:
        """Return one call, or the repeats of a block with equal neighbours written once."""
        if not isinstance(step, BlockStep) or len(calls) == 1:
            return calls[0]
        runs: list[tuple[Call, int]] = []
        for call in calls:
            if runs and runs[-1][0] == call:
                runs[-1] = (call, runs[-1][1] + 1)
            else:
                runs.append((call, 1))
        items = (call if count == 1 else Repeated(call, count) for call, count in runs)
        arguments = tuple(Argument(None, item) for item in items)
        container = Call("nn.Sequential", arguments, is_exploded=True)
        if not step.is_shared:
            return container
        self.uses_sharing = True
        return Call(SHARE_FUNCTION, (Argument(None, container),), is_exploded=True)


def _assembled(call: _AlignedCall, names: Mapping[Slot, Atom]) -> Call:
    arguments = (
        Argument(None if slot.is_positional else slot.argument, names.get(slot, slot.values[0]))
        for slot in call.slots
    )
    return Call(call.target, tuple(arguments))


def _alike(
    scopes: Sequence[Scope], calls: Mapping[int, Sequence[Sequence[Call]]]
) -> list[list[Scope]]:
    """Group uses whose constructors can be aligned and whose forward reads the same."""
    groups: dict[object, list[Scope]] = {}
    for scope in scopes:
        constructors = tuple(tuple(skeleton(use) for use in step) for step in calls[id(scope)])
        key = (constructors, tuple(setup_lines(scope)), tuple(forward_method(scope)))
        groups.setdefault(key, []).append(scope)
    return list(groups.values())


def _constructor_of(step: LayerStep) -> Constructor:
    try:
        return step.layer.constructor(step.params, step.input_shapes)
    except Exception as error:
        if is_own(step.layer):
            raise
        raise CompileError(failure_text(step.layer, error)) from error


def _written(target: str, named: Sequence[Mapping[str, object]]) -> list[str]:
    """Return the arguments that any use writes, in the order of the signature."""
    names = list(dict.fromkeys(name for use in named for name in use))
    order = list(signature_of(target))
    return sorted(names, key=lambda name: order.index(name) if name in order else len(order))
