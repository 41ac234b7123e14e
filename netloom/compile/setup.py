"""What generated source says about how weights start and learn. No torch here.

A network that says nothing about it gets no line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netloom.compile.expressions import Argument, Atom, Call, literal
from netloom.compile.layout import STEP, statement
from netloom.compile.steps import BlockStep, LayerStep, Scope, Step
from netloom.layers.base import ShapeProblem
from netloom.layers.learning import DEFAULT_LEARNING, starts

TIE_FUNCTION = "tie_parameters"
GROUPS_FUNCTION = "parameter_groups"
_GROUPS = f'''def {GROUPS_FUNCTION}(
    network: nn.Module, learning_rate: float, weight_decay: float
) -> list[dict[str, object]]:
    """Return what an optimiser takes: layers with factors of their own in their groups."""
    factors = {{
%s
    }}
    groups: dict[tuple[float, float], list[nn.Parameter]] = {{}}
    for path, parameter in network.named_parameters():
        owners = (found for found in factors if path.startswith(f"{{found}}."))
        factor = factors[owner] if (owner := next(owners, None)) else (1.0, 1.0)
        if parameter.requires_grad and factor[0] > 0:
            groups.setdefault(factor, []).append(parameter)
    return [
        {{
            "params": parameters,
            "lr": learning_rate * factor[0],
            "weight_decay": weight_decay * factor[1],
        }}
        for factor, parameters in groups.items()
    ]
'''


def setup_lines(scope: Scope) -> list[str]:
    """Return the lines of a constructor that let weights start and stay as the nodes say."""
    lines = list(_sharing_lines(scope))
    for step in scope.steps:
        if isinstance(step, LayerStep) and step.shares_with is None:
            lines += _starting_lines(step)
        if step.is_frozen and _has_module(step):
            lines.append(f"{' ' * 2 * STEP}self.{step.name}.requires_grad_(False)")
    return lines


def _starting_lines(step: LayerStep) -> Iterator[str]:
    if step.learning is DEFAULT_LEARNING:
        return
    for start in starts(step.learning, _parameters(step)):
        arguments = [Argument(None, Atom(_tensor(step, start.tensor)))]
        arguments += [Argument(*item) for item in _literals(start.arguments)]
        yield from statement(Call(f"nn.init.{start.function}", tuple(arguments)), 2 * STEP)


def shares_parameters(scope: Scope) -> bool:
    """Whether modules of the scope hold the parameters of others."""
    return any(True for _ in _sharing_lines(scope))


def _sharing_lines(scope: Scope) -> Iterator[str]:
    users: dict[str, list[Step]] = {}
    for step in scope.steps:
        if step.shares_with is not None and (isinstance(step, BlockStep) or _parameters(step)):
            users.setdefault(step.shares_with, []).append(step)
    for owner, steps in users.items():
        modules = (Atom(f"self.{name}") for name in (owner, *(step.name for step in steps)))
        call = Call(TIE_FUNCTION, tuple(Argument(None, module) for module in modules))
        yield from statement(call, 2 * STEP)


def groups_function(network: Scope) -> str | None:
    """Return a function that groups parameters by their factors; None when none has any."""
    found = dict(_factors(network, ""))
    if not found:
        return None
    pad = " " * 2 * STEP
    lines = [f'{pad}"{path}": {literal(factor).text},' for path, factor in found.items()]
    return _GROUPS % "\n".join(lines)


def _factors(scope: Scope, prefix: str) -> Iterator[tuple[str, tuple[float, float]]]:
    """Yield module path and factors of every layer that does not learn as the run says."""
    steps = {step.name: step for step in scope.steps}
    for used in scope.steps:
        path = f"{prefix}{used.name}"
        step = used if used.shares_with is None else steps[used.shares_with]
        if isinstance(step, LayerStep):
            if step.learning.has_factors:
                yield path, (step.learning.learning_rate_factor, step.learning.l2_factor)
            continue
        for index, body in enumerate(step.bodies):
            inside = f"{path}." if len(step.bodies) == 1 else f"{path}.{index}."
            yield from _factors(body, inside)


def _parameters(step: LayerStep) -> Mapping[str, tuple[int, ...]]:
    found = step.layer.infer(step.params, step.input_shapes)
    return {} if isinstance(found, ShapeProblem) else found.parameters


def _tensor(step: Step, name: str) -> str:
    path = f"{step.name}.{name}"
    if all(part.isidentifier() for part in path.split(".")):
        return f"self.{path}"
    return f'self.get_parameter("{path}")'


def _literals(arguments: Mapping[str, float | str]) -> Iterator[tuple[str, Atom]]:
    for name, value in arguments.items():
        yield name, literal(value)


def _has_module(step: Step) -> bool:
    if isinstance(step, BlockStep):
        return True
    names = [f"a{index}" for index in range(len(step.arguments))]
    return step.layer.call_source(step.params, step.input_shapes, names) is None
