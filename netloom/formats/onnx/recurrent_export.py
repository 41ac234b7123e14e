"""Recurrent layers as the nodes that ONNX has for them, so that lengths stay open.

Recorded as torch computes them they become a fixed number of steps. Here is what stands in for them
while a network is exported, made of the operators LSTM, GRU and RNN:
https://onnx.ai/onnx/operators/onnx__LSTM.html

Legend: B batch, T time, F features, L layers times directions, D directions, G gates, H hidden.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn

from netloom.layers.modules.masked import MaskedRecurrent, padding_last
from netloom.layers.modules.recurrent import GRU, LSTM, RNN

Recurrent = LSTM | GRU | RNN
_GATES: Mapping[str, tuple[int, ...]] = {"LSTM": (0, 3, 1, 2), "GRU": (1, 0, 2), "RNN": (0,)}
"""Place in torch of each gate of ONNX: i f g o and i o f c; r z n and z r h."""
RECURRENT = frozenset(_GATES)
_VERSION = 14
"""Opset since which the operators are what they are; the exporter says which one is written."""


class OnnxRecurrent(nn.Module):
    """A recurrent layer whose forward pass is one ONNX node for each of its layers."""

    def __init__(self, layer: Recurrent) -> None:
        super().__init__()
        self.kind = (
            "LSTM" if isinstance(layer, LSTM) else "GRU" if isinstance(layer, GRU) else "RNN"
        )
        self.takes_padding = isinstance(layer, MaskedRecurrent)
        self.hidden_size = layer.hidden_size
        self.num_layers = layer.num_layers
        self.num_directions = 2 if layer.bidirectional else 1
        self.nonlinearity = getattr(layer, "nonlinearity", "tanh")
        self.resets_after = not isinstance(layer, GRU) or layer.reset_after
        self.layer = [layer]  # In a list, so that its parameters are not this module's.
        for index in range(self.num_layers):
            for name, tensor in _onnx_weights(layer, self.kind, index).items():
                self.register_buffer(f"{name}{index}", tensor)

    def forward(self, sequence_BTF: Tensor, *others: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Return what the layer returns."""
        layer, states_BF, length_B, place_BT1 = self.layer[0], others, None, None
        if self.takes_padding:
            *states_BF, padding_BT = others
            length_B = (~padding_BT).sum(dim=1).clamp(min=1).to(torch.int32)
            # ONNX has lengths alone: padding goes to the end, and what is given goes back.
            place_BT1 = padding_last(padding_BT).unsqueeze(2)
            sequence_BTF = torch.zeros_like(sequence_BTF).scatter(
                1, place_BT1.expand_as(sequence_BTF), sequence_BTF
            )
        starts_LBH = [layer.state_in(state) for state in states_BF]
        output_TBF = sequence_BTF.transpose(0, 1)
        ends: list[list[Tensor]] = [[] for _ in range(2 if self.kind == "LSTM" else 1)]
        for index in range(self.num_layers):
            mine = slice(index * self.num_directions, (index + 1) * self.num_directions)
            output_TDBH, *last = self._node(
                index, output_TBF, length_B, [start[mine] for start in starts_LBH]
            )
            output_TBF = output_TDBH.transpose(1, 2).flatten(2)
            for kept, end_DBH in zip(ends, last, strict=True):
                kept.append(end_DBH)
        output_BTF = output_TBF.transpose(0, 1)
        if place_BT1 is not None:
            output_BTF = output_BTF.gather(1, place_BT1.expand(-1, -1, output_BTF.shape[2]))
        return layer.results(output_BTF, *(torch.cat(each) for each in ends))

    def _node(
        self, index: int, input_TBF: Tensor, length_B: Tensor | None, starts_DBH: list[Tensor]
    ) -> list[Tensor]:
        time, batch = input_TBF.shape[0], input_TBF.shape[1]
        state = (self.num_directions, batch, self.hidden_size)
        attributes: dict[str, object] = {
            "hidden_size": self.hidden_size,
            "direction": "bidirectional" if self.num_directions == 2 else "forward",
        }
        if self.kind == "GRU":
            attributes["linear_before_reset"] = int(self.resets_after)
        if self.kind == "RNN":
            attributes["activations"] = [self.nonlinearity.capitalize()] * self.num_directions
        weights = [getattr(self, f"{name}{index}") for name in ("input", "hidden", "bias")]
        shapes = [(time, self.num_directions, batch, self.hidden_size), state]
        if self.kind == "LSTM":
            shapes.append(state)
        found: object = torch.onnx.ops.symbolic_multi_out(
            self.kind,
            (input_TBF, *weights, length_B, *starts_DBH),
            attributes,  # pyright: ignore[reportArgumentType] - numbers, texts and lists of texts
            dtypes=[input_TBF.dtype] * len(shapes),
            shapes=shapes,
            version=_VERSION,
        )
        return list(cast("list[Tensor]", found))


def _onnx_weights(layer: Recurrent, kind: str, index: int) -> dict[str, Tensor]:
    """Return (D, G·H, F), (D, G·H, H) and (D, 2·G·H) in the order of ONNX."""
    suffixes = [f"_l{index}", f"_l{index}_reverse"][: 2 if layer.bidirectional else 1]

    def ordered(name: str) -> list[Tensor]:
        found: list[Tensor] = []
        for suffix in suffixes:
            tensor = cast("Tensor | None", getattr(layer, f"{name}{suffix}", None))
            if tensor is None:  # Without bias.
                tensor = torch.zeros(len(_GATES[kind]) * layer.hidden_size)
            parts = tensor.detach().chunk(len(_GATES[kind]))
            found.append(torch.cat([parts[place] for place in _GATES[kind]]))
        return found

    biases = zip(ordered("bias_ih"), ordered("bias_hh"), strict=True)
    return {
        "input": torch.stack(ordered("weight_ih")),
        "hidden": torch.stack(ordered("weight_hh")),
        "bias": torch.stack([torch.cat(pair) for pair in biases]),
    }
