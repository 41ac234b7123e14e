"""Layers that are one call of a torch function: `torch.permute(x, (0, 2, 1))`.

Such a layer holds no weights. Code shows the call itself; a compiled network holds a module that
makes it, so that hooks reach it by the name of its node.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from netloom.layers.base import Argument, Constructor, Inputs, LayerType
from netloom.layers.params import LayerParams

if TYPE_CHECKING:
    from torch import nn

P = TypeVar("P", bound=LayerParams)


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """What a layer calls with the tensors it receives.

    Attributes:
        name: A function of `torch`.
        args: Behind the tensors.
        takes_list: The tensors come as one list, as for `torch.stack`.
    """

    name: str
    args: tuple[Argument, ...] = ()
    kwargs: Mapping[str, Argument] = field(default_factory=dict[str, "Argument"])
    takes_list: bool = False


class FunctionLayer(LayerType[P], Generic[P]):
    """Subclasses say which function; module and code follow."""

    def function_call(self, params: P, inputs: Inputs) -> FunctionCall:
        """Return the call for inputs that `infer` accepts."""
        raise NotImplementedError

    def constructor(self, params: P, inputs: Inputs) -> Constructor:
        raise NotImplementedError(f"{self.type_name} is an expression, not a class of torch.nn")

    def source(self, params: P, inputs: Inputs) -> str:
        return "nn.Identity()"

    def make_module(self, params: P, inputs: Inputs) -> nn.Module:
        from netloom.layers import modules

        call = self.function_call(params, inputs)
        return modules.Function(call.name, call.args, dict(call.kwargs), call.takes_list)

    def call_source(self, params: P, inputs: Inputs, arguments: Sequence[str]) -> str:
        call = self.function_call(params, inputs)
        tensors = [f"[{', '.join(arguments)}]"] if call.takes_list else list(arguments)
        words = [*tensors, *(repr(value) for value in call.args)]
        words += [f"{name}={value!r}" for name, value in call.kwargs.items()]
        return f"torch.{call.name}({', '.join(words)})"
