"""Attention and the layers transformers are made of.

Parameters are called as in `nn.MultiheadAttention`, `nn.TransformerEncoderLayer` and
`nn.TransformerDecoderLayer` of torch, so that weights can be taken over.

Legend: B batch, T time of the query, S time of the memory, F features, N heads,
D features per head.
"""

from __future__ import annotations

import torch
from torch import nn

from netloom.layers.modules.embedding import RotaryPositions


class SelfAttention(nn.Module):
    """Every position looks at all, with `is_causal` at itself and earlier ones."""

    def __init__(
        self,
        num_features: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        is_causal: bool = False,
        is_rotary: bool = False,
    ) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.dropout = dropout
        self.is_causal = is_causal
        self.in_proj_weight = nn.Parameter(torch.empty(3 * num_features, num_features))
        self.in_proj_bias = (
            nn.Parameter(torch.zeros(3 * num_features)) if bias else None
        )
        self.out_proj = nn.Linear(num_features, num_features, bias=bias)
        self.rotary = RotaryPositions(num_heads) if is_rotary else None
        nn.init.xavier_uniform_(self.in_proj_weight)
        if bias:
            nn.init.zeros_(self.out_proj.bias)

    def forward(self, sequence_BTF: torch.Tensor) -> torch.Tensor:
        projected = nn.functional.linear(
            sequence_BTF, self.in_proj_weight, self.in_proj_bias
        )
        query, key, value = projected.chunk(3, dim=2)
        if self.rotary is not None:
            query, key = self.rotary(query), self.rotary(key)
        attended_BNTD = nn.functional.scaled_dot_product_attention(
            torch.unflatten(query, 2, (self.num_heads, -1)).transpose(1, 2),
            torch.unflatten(key, 2, (self.num_heads, -1)).transpose(1, 2),
            torch.unflatten(value, 2, (self.num_heads, -1)).transpose(1, 2),
            dropout_p=self.dropout if self.training else 0.0,
            is_causal=self.is_causal,
        )
        return self.out_proj(attended_BNTD.transpose(1, 2).flatten(2))

    def extra_repr(self) -> str:
        return f"num_heads={self.num_heads}, is_causal={self.is_causal}"


class CrossAttention(nn.Module):
    """Every position of the query looks at all positions of the memory."""

    def __init__(
        self,
        num_features: int,
        num_heads: int,
        memory_features: int | None = None,
        dropout: float = 0.0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.dropout = dropout
        self.is_same_size = memory_features in (None, num_features)
        memory_features = memory_features or num_features
        if self.is_same_size:
            self.in_proj_weight = nn.Parameter(
                torch.empty(3 * num_features, num_features)
            )
            nn.init.xavier_uniform_(self.in_proj_weight)
        else:
            self.q_proj_weight = nn.Parameter(torch.empty(num_features, num_features))
            self.k_proj_weight = nn.Parameter(
                torch.empty(num_features, memory_features)
            )
            self.v_proj_weight = nn.Parameter(
                torch.empty(num_features, memory_features)
            )
            for weight in (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
                nn.init.xavier_uniform_(weight)
        self.in_proj_bias = (
            nn.Parameter(torch.zeros(3 * num_features)) if bias else None
        )
        self.out_proj = nn.Linear(num_features, num_features, bias=bias)
        if bias:
            nn.init.zeros_(self.out_proj.bias)

    def forward(
        self, query_BTF: torch.Tensor, memory_BSF: torch.Tensor
    ) -> torch.Tensor:
        if self.is_same_size:
            weights = self.in_proj_weight.chunk(3)
        else:
            weights = (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
        biases = (
            (None,) * 3 if self.in_proj_bias is None else self.in_proj_bias.chunk(3)
        )
        inputs = (query_BTF, memory_BSF, memory_BSF)
        query, key, value = (
            torch.unflatten(
                nn.functional.linear(given, weight, bias), 2, (self.num_heads, -1)
            ).transpose(1, 2)
            for given, weight, bias in zip(inputs, weights, biases, strict=True)
        )
        attended_BNTD = nn.functional.scaled_dot_product_attention(
            query, key, value, dropout_p=self.dropout if self.training else 0.0
        )
        return self.out_proj(attended_BNTD.transpose(1, 2).flatten(2))

    def extra_repr(self) -> str:
        return f"num_heads={self.num_heads}"


class TransformerEncoderLayer(nn.Module):
    """Self-attention and two linear layers, each with a shortcut and a norm."""

    def __init__(
        self,
        num_features: int,
        num_heads: int,
        hidden_features: int = 2048,
        dropout: float = 0.1,
        activation: str = "relu",
        norm_first: bool = False,
        is_causal: bool = False,
        is_rotary: bool = False,
    ) -> None:
        super().__init__()
        self.norm_first = norm_first
        self.self_attn = SelfAttention(
            num_features, num_heads, dropout, is_causal=is_causal, is_rotary=is_rotary
        )
        self.linear1 = nn.Linear(num_features, hidden_features)
        self.linear2 = nn.Linear(hidden_features, num_features)
        self.norm1 = nn.LayerNorm(num_features)
        self.norm2 = nn.LayerNorm(num_features)
        self.activation = {"relu": nn.ReLU, "gelu": nn.GELU, "silu": nn.SiLU}[
            activation
        ]()
        self.dropout = nn.Dropout(dropout)
        self.dropout1 = nn.Dropout(dropout)
        self.dropout2 = nn.Dropout(dropout)

    def forward(self, sequence_BTF: torch.Tensor) -> torch.Tensor:
        x = sequence_BTF
        if self.norm_first:
            x = x + self.dropout1(self.self_attn(self.norm1(x)))
            return x + self.feed_forward(self.norm2(x))
        x = self.norm1(x + self.dropout1(self.self_attn(x)))
        return self.norm2(x + self.feed_forward(x))

    def feed_forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.dropout(self.activation(self.linear1(x)))
        return self.dropout2(self.linear2(hidden))


class TransformerDecoderLayer(nn.Module):
    """Self-attention, attention to a memory and two linear layers, with shortcuts."""

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
    ) -> None:
        super().__init__()
        self.norm_first = norm_first
        self.self_attn = SelfAttention(
            num_features, num_heads, dropout, is_causal=is_causal, is_rotary=is_rotary
        )
        self.multihead_attn = CrossAttention(
            num_features, num_heads, memory_features, dropout
        )
        self.linear1 = nn.Linear(num_features, hidden_features)
        self.linear2 = nn.Linear(hidden_features, num_features)
        self.norm1 = nn.LayerNorm(num_features)
        self.norm2 = nn.LayerNorm(num_features)
        self.norm3 = nn.LayerNorm(num_features)
        self.activation = {"relu": nn.ReLU, "gelu": nn.GELU, "silu": nn.SiLU}[
            activation
        ]()
        self.dropout = nn.Dropout(dropout)
        self.dropout1 = nn.Dropout(dropout)
        self.dropout2 = nn.Dropout(dropout)
        self.dropout3 = nn.Dropout(dropout)

    def forward(
        self, sequence_BTF: torch.Tensor, memory_BSF: torch.Tensor
    ) -> torch.Tensor:
        x = sequence_BTF
        if self.norm_first:
            x = x + self.dropout1(self.self_attn(self.norm1(x)))
            x = x + self.dropout2(self.multihead_attn(self.norm2(x), memory_BSF))
            return x + self.feed_forward(self.norm3(x))
        x = self.norm1(x + self.dropout1(self.self_attn(x)))
        x = self.norm2(x + self.dropout2(self.multihead_attn(x, memory_BSF)))
        return self.norm3(x + self.feed_forward(x))

    def feed_forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.dropout(self.activation(self.linear1(x)))
        return self.dropout3(self.linear2(hidden))
