"""The forward method of a scope: a straight chain flows through `x`, what is used later or twice
keeps the name of its node."""

from __future__ import annotations

from collections.abc import Mapping

from netloom.compile.expressions import Argument, Atom, Call, Expression, parse_expression
from netloom.compile.layout import STEP, assignment, returned, signature
from netloom.compile.steps import BlockStep, Scope, Step, Value

_KEPT_NAMES = frozenset({"self", "torch", "nn", "block", "zip", "range"})
_CHAIN_NAMES = ("x", "h", "hidden", "flowing")
_BODY = 2 * STEP


def forward_method(scope: Scope) -> list[str]:
    """Return the lines of `def forward`, indented as a method."""
    names = _local_names(scope)
    parameters = [f"{names[port.value]}: torch.Tensor" for port in scope.inputs]
    if len(scope.outputs) == 1:
        result = "torch.Tensor"
    else:
        result = f"tuple[{', '.join(['torch.Tensor'] * len(scope.outputs))}]"
    lines = signature("forward", parameters, result, STEP)
    for step in scope.steps:
        lines += _call_lines(step, names)
    lines += returned([Atom(names[port.value]) for port in scope.outputs], _BODY)
    return lines


def call_expression(step: Step, names: Mapping[Value, str] | None = None) -> Expression | None:
    """Return what a step computes without a module, such as `a + b`; None for a module.

    Raises:
        CompileError: The layer gives something that is not plain arithmetic.
    """
    if isinstance(step, BlockStep):
        return None
    if names is None:
        names = {value: f"a{index}" for index, value in enumerate(step.arguments)}
    arguments = [names[value] for value in step.arguments]
    text = step.layer.call_source(step.params, step.input_shapes, arguments)
    return None if text is None else parse_expression(text, arguments)


def _call_lines(step: Step, names: Mapping[Value, str]) -> list[str]:
    results = ", ".join(names[value] for value in step.results)
    arguments = [Atom(names[value]) for value in step.arguments]
    if isinstance(step, BlockStep) and len(step.bodies) > 1 and len(arguments) > 1:
        given = ", ".join(argument.text for argument in arguments)
        passed = tuple(Argument(None, Atom(names[value])) for value in step.results)
        return [
            *assignment(results, Atom(given), _BODY),
            f"{' ' * _BODY}for block in self.{step.name}:",
            *assignment(results, Call("block", passed), _BODY + STEP),
        ]
    expression = call_expression(step, names)
    if expression is None:
        expression = Call(f"self.{step.name}", tuple(Argument(None, item) for item in arguments))
    return assignment(results, expression, _BODY)


def _local_names(scope: Scope) -> dict[Value, str]:
    """Return the local variable of every tensor of a scope."""
    takers = _takers(scope)
    kept_inputs = {port.name for port in scope.inputs if takers.get(port.value) != {0}}
    node_names = {step.name for step in scope.steps} | kept_inputs
    wished_chains = (*_CHAIN_NAMES, *(f"x{number}" for number in range(len(node_names) + 1)))
    chain = next(name for name in wished_chains if name not in node_names)
    # Results that only the very next step (or the return) takes.
    chained = {
        step.results[0]
        for index, step in enumerate(scope.steps)
        if len(step.results) == 1 and takers.get(step.results[0]) == {index + 1}
    }
    taken = set(_KEPT_NAMES) | {chain}
    names: dict[Value, str] = {}
    input_ids = {port.value.node_id for port in scope.inputs}
    wishes = [(port.value, port.name) for port in scope.inputs]
    for step in scope.steps:
        for value in step.results:
            is_only = len(step.results) == 1
            wishes.append((value, step.name if is_only else f"{step.name}_{value.port}"))
    for value, wish in wishes:
        if value in chained or (wish == chain and value.node_id in input_ids):
            names[value] = chain
            continue
        name = wish
        while name in taken:
            name += "_"
        taken.add(name)
        names[value] = name
    return names


def _takers(scope: Scope) -> dict[Value, set[int]]:
    """Return which steps take each tensor; the return counts as the step after the last."""
    takers: dict[Value, set[int]] = {}
    for index, step in enumerate(scope.steps):
        for value in step.arguments:
            takers.setdefault(value, set()).add(index)
    for port in scope.outputs:
        takers.setdefault(port.value, set()).add(len(scope.steps))
    return takers
