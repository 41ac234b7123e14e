"""Layers of sequences that leave padding out: nobody looks where a mask is true.

They hold the same parameters as those without a mask. A sequence of padding alone
gathers nothing: its attention is zero before the output layer.

Legend: B batch, T time, S time of the memory, F features, N heads, D features per head.
"""

# Ports differ from those of the classes without a mask on purpose; what stands beside
# a recurrent layer does not know its forward.
# pyright: reportIncompatibleMethodOverride=false, reportAttributeAccessIssue=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import torch
from torch import nn

from netloom.layers.modules.attention import (
    CrossAttention,
    SelfAttention,
    TransformerDecoderLayer,
    TransformerEncoderLayer,
)
from netloom.layers.modules.embedding import ClassToken, TakeStep
from netloom.layers.modules.recurrent import GRU, LSTM, RNN


def masked_self_attention(
    attention: SelfAttention,
    sequence_BTF: torch.Tensor,
    padding_BT: torch.Tensor | None,
) -> torch.Tensor:
    """What the attention gives where nobody looks at padding."""
    if padding_BT is None:
        return attention(sequence_BTF)
    projected = nn.functional.linear(
        sequence_BTF, attention.in_proj_weight, attention.in_proj_bias
    )
    query, key, value = projected.chunk(3, dim=2)
    if attention.rotary is not None:
        query, key = attention.rotary(query), attention.rotary(key)
    seen_B11T = ~padding_BT[:, None, None, :]
    if attention.is_causal:
        length = padding_BT.shape[1]
        seen_B11T = seen_B11T & seen_B11T.new_ones(length, length).tril()
    attended_BNTD = nn.functional.scaled_dot_product_attention(
        torch.unflatten(query, 2, (attention.num_heads, -1)).transpose(1, 2),
        torch.unflatten(key, 2, (attention.num_heads, -1)).transpose(1, 2),
        torch.unflatten(value, 2, (attention.num_heads, -1)).transpose(1, 2),
        attn_mask=seen_B11T,
        dropout_p=attention.dropout if attention.training else 0.0,
    )
    return attention.out_proj(attended_BNTD.transpose(1, 2).flatten(2))


def masked_cross_attention(
    attention: CrossAttention,
    query_BTF: torch.Tensor,
    memory_BSF: torch.Tensor,
    padding_BS: torch.Tensor | None,
) -> torch.Tensor:
    """What the attention gives where nobody looks at padding of the memory."""
    if padding_BS is None:
        return attention(query_BTF, memory_BSF)
    if attention.is_same_size:
        weights = attention.in_proj_weight.chunk(3)
    else:
        weights = (
            attention.q_proj_weight,
            attention.k_proj_weight,
            attention.v_proj_weight,
        )
    bias = attention.in_proj_bias
    biases = (None,) * 3 if bias is None else bias.chunk(3)
    query, key, value = (
        torch.unflatten(
            nn.functional.linear(given, weight, added), 2, (attention.num_heads, -1)
        ).transpose(1, 2)
        for given, weight, added in zip(
            (query_BTF, memory_BSF, memory_BSF), weights, biases, strict=True
        )
    )
    attended_BNTD = nn.functional.scaled_dot_product_attention(
        query,
        key,
        value,
        attn_mask=~padding_BS[:, None, None, :],
        dropout_p=attention.dropout if attention.training else 0.0,
    )
    return attention.out_proj(attended_BNTD.transpose(1, 2).flatten(2))


class MaskedSelfAttention(SelfAttention):
    """SelfAttention that leaves out positions where the mask is true."""

    def forward(
        self, sequence_BTF: torch.Tensor, padding_BT: torch.Tensor
    ) -> torch.Tensor:
        return masked_self_attention(self, sequence_BTF, padding_BT)


class MaskedCrossAttention(CrossAttention):
    """CrossAttention that leaves out positions where the mask of the memory is true."""

    def forward(
        self,
        query_BTF: torch.Tensor,
        memory_BSF: torch.Tensor,
        padding_BS: torch.Tensor,
    ) -> torch.Tensor:
        return masked_cross_attention(self, query_BTF, memory_BSF, padding_BS)


class MaskedTransformerEncoderLayer(TransformerEncoderLayer):
    """TransformerEncoderLayer that leaves out positions where the mask is true."""

    def forward(
        self, sequence_BTF: torch.Tensor, padding_BT: torch.Tensor
    ) -> torch.Tensor:
        x, attention = sequence_BTF, self.self_attn
        if self.norm_first:
            attended = masked_self_attention(attention, self.norm1(x), padding_BT)
            x = x + self.dropout1(attended)
            return x + self.feed_forward(self.norm2(x))
        attended = masked_self_attention(attention, x, padding_BT)
        x = self.norm1(x + self.dropout1(attended))
        return self.norm2(x + self.feed_forward(x))


class MaskedTransformerDecoderLayer(TransformerDecoderLayer):
    """TransformerDecoderLayer with masks of the target, of the memory, or of both."""

    def __init__(
        self,
        num_features: int,
        num_heads: int,
        memory_features: int | None = None,
        hidden_features: int = 2048,
        dropout: float = 0.1,
        activation: str = "relu",
        norm_first: bool = False,
        is_causal: bool = True,
        is_rotary: bool = False,
        takes_padding_mask: bool = False,
        takes_memory_mask: bool = False,
    ) -> None:
        super().__init__(
            num_features,
            num_heads,
            memory_features,
            hidden_features,
            dropout,
            activation,
            norm_first,
            is_causal,
            is_rotary,
        )
        self.takes_padding_mask = takes_padding_mask
        self.takes_memory_mask = takes_memory_mask

    def forward(
        self,
        sequence_BTF: torch.Tensor,
        memory_BSF: torch.Tensor,
        *masks: torch.Tensor,
    ) -> torch.Tensor:
        padding_BT = masks[0] if self.takes_padding_mask else None
        padding_BS = masks[-1] if self.takes_memory_mask else None
        x = sequence_BTF
        if self.norm_first:
            x = x + self.look_back(self.norm1(x), padding_BT)
            x = x + self.look_up(self.norm2(x), memory_BSF, padding_BS)
            return x + self.feed_forward(self.norm3(x))
        x = self.norm1(x + self.look_back(x, padding_BT))
        x = self.norm2(x + self.look_up(x, memory_BSF, padding_BS))
        return self.norm3(x + self.feed_forward(x))

    def look_back(
        self, x: torch.Tensor, padding_BT: torch.Tensor | None
    ) -> torch.Tensor:
        return self.dropout1(masked_self_attention(self.self_attn, x, padding_BT))

    def look_up(
        self, x: torch.Tensor, memory: torch.Tensor, padding_BS: torch.Tensor | None
    ) -> torch.Tensor:
        attended = masked_cross_attention(self.multihead_attn, x, memory, padding_BS)
        return self.dropout2(attended)


def padding_last(padding_BT: torch.Tensor) -> torch.Tensor:
    """Return where each position goes, (B, T), when padding moves to the end."""
    real_BT = (~padding_BT).long().cumsum(dim=1)
    behind_BT = real_BT[:, -1:] + padding_BT.long().cumsum(dim=1)
    return torch.where(padding_BT, behind_BT, real_BT) - 1


class MaskedRecurrent:
    """Passes over padding, wherever it stands; there it gives zeros."""

    def forward(
        self, sequence_BTF: torch.Tensor, *states_and_padding: torch.Tensor
    ) -> torch.Tensor | tuple[torch.Tensor, ...]:
        *states, padding_BT = states_and_padding
        place_BT1 = padding_last(padding_BT).unsqueeze(2)
        moved_BTF = torch.zeros_like(sequence_BTF).scatter(
            1, place_BT1.expand_as(sequence_BTF), sequence_BTF
        )
        length_B = (~padding_BT).sum(dim=1).clamp(min=1).cpu()
        packed = nn.utils.rnn.pack_padded_sequence(
            moved_BTF, length_B, batch_first=True, enforce_sorted=False
        )
        given = super().forward(packed, *states)
        is_alone = isinstance(given, torch.Tensor | nn.utils.rnn.PackedSequence)
        output, *ends = (given,) if is_alone else given
        if isinstance(output, nn.utils.rnn.PackedSequence):
            output, _ = nn.utils.rnn.pad_packed_sequence(
                output, batch_first=True, total_length=sequence_BTF.shape[1]
            )
            output = output.gather(1, place_BT1.expand(-1, -1, output.shape[2]))
        return (output, *ends) if ends else output


class MaskedLSTM(MaskedRecurrent, LSTM):
    """LSTM that passes over padding."""


class MaskedGRU(MaskedRecurrent, GRU):
    """GRU that passes over padding."""


class MaskedRNN(MaskedRecurrent, RNN):
    """RNN that passes over padding."""


class MaskedClassToken(ClassToken):
    """ClassToken that puts a place that is no padding in front of the mask too."""

    def forward(
        self, sequence_BTF: torch.Tensor, padding_BT: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        longer_BT = torch.cat([torch.zeros_like(padding_BT[:, :1]), padding_BT], dim=1)
        return super().forward(sequence_BTF), longer_BT


class MaskedTakeStep(TakeStep):
    """TakeStep among positions that are no padding; the nearest where there are few."""

    def forward(
        self, sequence_BTF: torch.Tensor, padding_BT: torch.Tensor
    ) -> torch.Tensor:
        num_real_BT = (~padding_BT).cumsum(dim=1)
        num_real_B = num_real_BT[:, -1]
        step_B = num_real_B + self.step if self.step < 0 else num_real_B * 0 + self.step
        step_B = torch.minimum(step_B, num_real_B - 1).clamp(min=0)
        is_there_BT = num_real_BT == step_B[:, None] + 1
        at_B1 = is_there_BT.int().argmax(dim=1, keepdim=True)
        at_B1F = at_B1[:, :, None].expand(-1, 1, sequence_BTF.shape[2])
        return sequence_BTF.gather(1, at_B1F).squeeze(1)


class MaskedPool(nn.Module):
    """Mean or maximum over positions where the mask is false; zeros where none is."""

    def __init__(self, mode: str = "mean") -> None:
        super().__init__()
        self.mode = mode

    def forward(
        self, sequence_BTF: torch.Tensor, padding_BT: torch.Tensor
    ) -> torch.Tensor:
        if self.mode == "max":
            lowest = torch.finfo(sequence_BTF.dtype).min
            most_BF = sequence_BTF.masked_fill(padding_BT[:, :, None], lowest).amax(1)
            return most_BF.masked_fill(padding_BT.all(dim=1, keepdim=True), 0.0)
        sum_BF = sequence_BTF.masked_fill(padding_BT[:, :, None], 0.0).sum(dim=1)
        return sum_BF / (~padding_BT).sum(dim=1, keepdim=True).clamp(min=1)

    def extra_repr(self) -> str:
        return f"mode={self.mode}"
