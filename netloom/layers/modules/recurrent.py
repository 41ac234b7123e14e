"""Recurrent networks of torch, batch first, with one tensor for each port of a node.

Parameters are called as in torch (`weight_ih_l0`, `bias_hh_l0_reverse`...). A state
enters and leaves as (B, F): the layers one behind the other, of each the forward and
then the backward direction.

Legend: B batch, T time, F features, L layers times directions, H hidden features.
"""

# Ports differ from torch's arguments on purpose; its constructors are half typed.
# pyright: reportIncompatibleMethodOverride=false, reportUnknownMemberType=false

from __future__ import annotations

import torch
from torch import nn


class RecurrentPorts:
    """What they share: states as features, the last step, several outputs."""

    hidden_size: int
    bidirectional: bool
    output: str
    gives_state: bool

    def state_in(self, state_BF: torch.Tensor) -> torch.Tensor:
        """Return (L, B, H) as torch takes it."""
        return (
            torch.unflatten(state_BF, 1, (-1, self.hidden_size))
            .transpose(0, 1)
            .contiguous()
        )

    def results(
        self, output_BTF: torch.Tensor, *states_LBH: torch.Tensor
    ) -> torch.Tensor | tuple[torch.Tensor, ...]:
        """Return the output, and with `gives_state` the states behind it."""
        output = output_BTF
        if self.output == "last":
            num_directions = 2 if self.bidirectional else 1
            output = states_LBH[0][-num_directions:].transpose(0, 1).flatten(1)
        if not self.gives_state:
            return output
        return output, *(state.transpose(0, 1).flatten(1) for state in states_LBH)


class LSTM(RecurrentPorts, nn.LSTM):
    """nn.LSTM; the states are hidden and cell."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        dropout: float = 0.0,
        bidirectional: bool = False,
        output: str = "sequence",
        gives_state: bool = False,
    ) -> None:
        super().__init__(
            input_size,
            hidden_size,
            num_layers,
            bias=bias,
            batch_first=True,
            dropout=dropout,
            bidirectional=bidirectional,
        )
        self.output = output
        self.gives_state = gives_state

    def forward(
        self,
        sequence_BTF: torch.Tensor,
        hidden_BF: torch.Tensor | None = None,
        cell_BF: torch.Tensor | None = None,
    ) -> torch.Tensor | tuple[torch.Tensor, ...]:
        states = None
        if hidden_BF is not None and cell_BF is not None:
            states = self.state_in(hidden_BF), self.state_in(cell_BF)
        output_BTF, (hidden_LBH, cell_LBH) = super().forward(sequence_BTF, states)
        return self.results(output_BTF, hidden_LBH, cell_LBH)


class GRU(RecurrentPorts, nn.GRU):
    """nn.GRU; the state is hidden."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        dropout: float = 0.0,
        bidirectional: bool = False,
        output: str = "sequence",
        gives_state: bool = False,
    ) -> None:
        super().__init__(
            input_size,
            hidden_size,
            num_layers,
            bias=bias,
            batch_first=True,
            dropout=dropout,
            bidirectional=bidirectional,
        )
        self.output = output
        self.gives_state = gives_state

    def forward(
        self, sequence_BTF: torch.Tensor, hidden_BF: torch.Tensor | None = None
    ) -> torch.Tensor | tuple[torch.Tensor, ...]:
        state = None if hidden_BF is None else self.state_in(hidden_BF)
        output_BTF, hidden_LBH = super().forward(sequence_BTF, state)
        return self.results(output_BTF, hidden_LBH)


class RNN(RecurrentPorts, nn.RNN):
    """nn.RNN; the state is hidden."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        dropout: float = 0.0,
        bidirectional: bool = False,
        output: str = "sequence",
        gives_state: bool = False,
    ) -> None:
        super().__init__(
            input_size,
            hidden_size,
            num_layers,
            nonlinearity=nonlinearity,
            bias=bias,
            batch_first=True,
            dropout=dropout,
            bidirectional=bidirectional,
        )
        self.output = output
        self.gives_state = gives_state

    def forward(
        self, sequence_BTF: torch.Tensor, hidden_BF: torch.Tensor | None = None
    ) -> torch.Tensor | tuple[torch.Tensor, ...]:
        state = None if hidden_BF is None else self.state_in(hidden_BF)
        output_BTF, hidden_LBH = super().forward(sequence_BTF, state)
        return self.results(output_BTF, hidden_LBH)
