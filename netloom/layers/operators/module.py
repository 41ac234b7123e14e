"""An operator as a module of a compiled network. Imports torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn

from netloom.layers.operators.declare import CallArgument, Given, TensorCall


class OperatorCall(nn.Module):
    """Calls a function of torch with what arrives; generated source shows the call itself."""

    def __init__(self, call: TensorCall) -> None:
        super().__init__()
        self.call = call

    def forward(self, *inputs: Tensor) -> object:
        """Return what the function gives; a tuple for several outputs."""
        call = self.call
        holder: object = torch
        for part in call.function.split("."):
            holder = getattr(holder, part)
        function = cast("Callable[..., object]", holder)
        args = [_value(value, inputs) for value in call.args]
        kwargs = {name: _value(value, inputs) for name, value in call.kwargs.items()}
        return function(*args, **kwargs)

    def extra_repr(self) -> str:
        words = [str(value) for value in self.call.args if not isinstance(value, Given)]
        words += [f"{name}={value}" for name, value in self.call.kwargs.items()]
        return ", ".join([self.call.function, *words])


def _value(value: CallArgument, inputs: tuple[Tensor, ...]) -> object:
    if isinstance(value, Given):
        return inputs[value.index]
    if isinstance(value, tuple) and any(isinstance(item, Given) for item in value):
        return [_value(cast("Given", item), inputs) for item in value]
    return value
