"""A function of torch as a module."""

from __future__ import annotations

import torch
from torch import nn


class Function(nn.Module):
    """Calls a function of torch; generated source shows the call itself."""

    def __init__(
        self,
        name: str,
        args: tuple[object, ...],
        kwargs: dict[str, object],
        takes_list: bool,
    ) -> None:
        super().__init__()
        self.name = name
        self.args = args
        self.kwargs = kwargs
        self.takes_list = takes_list

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        function = getattr(torch, self.name)
        if self.takes_list:
            return function(list(inputs), *self.args, **self.kwargs)
        return function(*inputs, *self.args, **self.kwargs)

    def extra_repr(self) -> str:
        words = [self.name, *(repr(value) for value in self.args)]
        words += [f"{key}={value!r}" for key, value in self.kwargs.items()]
        return ", ".join(words)
