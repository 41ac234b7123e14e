"""Recurrent networks of torch, batch first, with one tensor for each port of a node.

Parameters are called as in torch (`weight_ih_l0`, `bias_hh_l0_reverse`...). A state
enters and leaves as (B, F): the layers one behind the other, of each the forward and
then the backward direction.

Legend: B batch, T time, F features, L layers times directions, H hidden features, G
gates one behind the other.
"""

# Ports differ from torch's arguments on purpose; its constructors are half typed, and
# what is packed comes out packed.
# pyright: reportIncompatibleMethodOverride=false, reportUnknownMemberType=false
# pyright: reportArgumentType=false

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
    """nn.GRU; the state is hidden.

    With `reset_after=False` the reset gate acts on the state before the product, as
    in Cho et al. (2014), Keras 1 and 2 and ONNX with `linear_before_reset=0`: torch
    has no kernel for it, so that it is computed step by step.
    """

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
        reset_after: bool = True,
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
        self.reset_after = reset_after

    def forward(
        self, sequence_BTF: torch.Tensor, hidden_BF: torch.Tensor | None = None
    ) -> torch.Tensor | tuple[torch.Tensor, ...]:
        state = None if hidden_BF is None else self.state_in(hidden_BF)
        if self.reset_after:
            output_BTF, hidden_LBH = super().forward(sequence_BTF, state)
        elif isinstance(sequence_BTF, nn.utils.rnn.PackedSequence):
            padded_BTF, length_B = nn.utils.rnn.pad_packed_sequence(
                sequence_BTF, batch_first=True
            )
            steps_BTF, hidden_LBH = self.step_by_step(padded_BTF, state, length_B)
            output_BTF = nn.utils.rnn.pack_padded_sequence(
                steps_BTF, length_B, batch_first=True, enforce_sorted=False
            )
        else:
            output_BTF, hidden_LBH = self.step_by_step(sequence_BTF, state)
        return self.results(output_BTF, hidden_LBH)

    def step_by_step(
        self,
        sequence_BTF: torch.Tensor,
        state_LBH: torch.Tensor | None,
        length_B: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return output and states; behind a sequence's end the state stands still."""
        suffixes = ["", "_reverse"][: 2 if self.bidirectional else 1]
        output_BTF = sequence_BTF
        ends: list[torch.Tensor] = []
        for layer in range(self.num_layers):
            sides: list[torch.Tensor] = []
            for suffix in suffixes:
                if state_LBH is None:
                    start_BH = output_BTF.new_zeros(
                        output_BTF.shape[0], self.hidden_size
                    )
                else:
                    start_BH = state_LBH[len(ends)]
                side_BTH, end_BH = self.one_direction(
                    output_BTF, start_BH, f"l{layer}{suffix}", length_B
                )
                sides.append(side_BTH)
                ends.append(end_BH)
            output_BTF = torch.cat(sides, dim=2)
            if layer < self.num_layers - 1:
                output_BTF = nn.functional.dropout(
                    output_BTF, self.dropout, self.training
                )
        return output_BTF, torch.stack(ends)

    def one_direction(
        self,
        sequence_BTF: torch.Tensor,
        start_BH: torch.Tensor,
        name: str,
        length_B: torch.Tensor | None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the outputs (B, T, H) of one layer, and its last state (B, H)."""
        weight_hh = getattr(self, f"weight_hh_{name}")
        bias_ih = getattr(self, f"bias_ih_{name}") if self.bias else None
        bias_hh = getattr(self, f"bias_hh_{name}") if self.bias else None
        input_BTG = nn.functional.linear(
            sequence_BTF, getattr(self, f"weight_ih_{name}"), bias_ih
        )
        if bias_hh is not None:
            input_BTG = input_BTG + bias_hh
        gates, size = weight_hh[: 2 * self.hidden_size], self.hidden_size
        times = list(range(sequence_BTF.shape[1]))
        hidden_BH = start_BH
        outputs: dict[int, torch.Tensor] = {}
        for at in reversed(times) if name.endswith("_reverse") else times:
            step_BG = input_BTG[:, at]
            seen_BG = step_BG[:, : 2 * size] + nn.functional.linear(hidden_BH, gates)
            reset_BH, update_BH = seen_BG.sigmoid().chunk(2, dim=1)
            held_BH = nn.functional.linear(reset_BH * hidden_BH, weight_hh[2 * size :])
            new_BH = (step_BG[:, 2 * size :] + held_BH).tanh()
            next_BH = new_BH + update_BH * (hidden_BH - new_BH)
            if length_B is not None:
                is_there_B1 = (at < length_B).unsqueeze(1).to(next_BH.device)
                next_BH = torch.where(is_there_B1, next_BH, hidden_BH)
            hidden_BH = outputs[at] = next_BH
        return torch.stack([outputs[at] for at in times], dim=1), hidden_BH


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
