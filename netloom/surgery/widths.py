"""Which widths of a network belong together, and which axis of which tensor each decides.

A layer that makes channels (a convolution, a Linear, an LSTM, an embedding) begins a *space*.
Normalisation, activations, pooling and attention pass it on, an addition makes two spaces one, a
concatenation lines several up, and flattening repeats each channel once for every position. To
change one width is to change its space: every tensor axis that is laid out by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from netloom.layers.recurrent import RecurrentParams
from netloom.layers.shapes import axes_of
from netloom.surgery.expand import Expansion, LayerUse, Value
from netloom.surgery.spaces import Layout, Segment, Widths, channels_of
from netloom.surgery.tensor_axes import (
    CONVOLUTIONS,
    SEPARABLE,
    TRANSPOSED,
    attention_axes,
    feed_forward_axes,
    made,
    recurrent_axes,
    weighted_axes,
)

RECURRENT = frozenset({"LSTM", "GRU", "RNN"})
TRANSFORMERS = frozenset({"TransformerEncoderLayer", "TransformerDecoderLayer"})
CHANNELS_PARAM = {
    **dict.fromkeys(CONVOLUTIONS | TRANSPOSED | SEPARABLE, "out_channels"),
    **dict.fromkeys(("Linear", "LowRankLinear"), "out_features"),
}
"""Layers that give any number of channels for any that arrive, and the parameter that says it."""
WIDTH_PARAM = {
    **CHANNELS_PARAM,
    **dict.fromkeys(RECURRENT, "hidden_size"),
    **dict.fromkeys(("Embedding", "PatchEmbedding"), "num_features"),
    **dict.fromkeys(TRANSFORMERS, "hidden_features"),
}
"""Layers whose width a person sets, and the parameter that says it. That of a transformer layer is
between its two linear layers: its features are those that arrive."""
HEADS_PARAM = dict.fromkeys(
    ("SelfAttention", "CrossAttention", "RotaryPositions", *sorted(TRANSFORMERS)), "num_heads"
)
"""Layers that split their features among heads."""

_STATISTICS = frozenset({"LayerNorm", "RMSNorm"})
"""Layers that look at all channels at once: equal copies of all of them change nothing."""
_APPROXIMATE = frozenset({"GroupNorm", "SinusoidalPositions"})
"""Layers for which channels differ by their place: copies of one are not treated alike."""
_BATCH_NORMS = frozenset({"BatchNorm1d", "BatchNorm2d", "BatchNorm3d"})
_INSTANCE_NORMS = frozenset({"InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"})
_TOGETHER = frozenset({"Add", "Subtract", "Multiply", "Divide", "Average", "Maximum", "Minimum"})
_MIXES = frozenset({"Softmax", "LogSoftmax", "Softmin", "GLU"})
_PASSES_SHAPE = frozenset({"Pad", "Upsample", "Crop2d", "Crop3d", "Mean", "Sum", "Max", "Min"})
_PASSES_SEQUENCE = frozenset({"ClassToken", "TakeStep", "LearnedPositions", "RotaryPositions"})
_MAX_SEGMENTS = 1024


def find_widths(expansion: Expansion) -> Widths:
    """Follow the channels from where they are made to where they are used."""
    follow = _Follow(Widths())
    for use in expansion.uses:
        follow.layer(use)
    return follow.widths


_Layouts = Mapping[str, Layout]


@dataclass(slots=True)
class _Follow:
    widths: Widths
    _layouts: dict[tuple[str, str], Layout] = field(default_factory=dict[tuple[str, str], Layout])
    _arrived: dict[str, _Layouts] = field(default_factory=dict[str, _Layouts])

    def layer(self, use: LayerUse) -> None:
        """Say how one use lays out its tensors and what leaves it."""
        layouts = {port: self._layout(value) for port, value in use.inputs.items()}
        given = self._rule(use, layouts)
        if given is None:
            for layout in layouts.values():
                self.widths.pin(layout, _pin_text(use))
            for port, shape in use.outputs.items():
                size = channels_of(shape)
                if size is not None:
                    pin = f"{use.name} ({use.layer.title}) decides it"
                    self._layouts[use.path, port] = self.widths.new(size, pin=pin)
            return
        for port, layout in given.items():
            self._layouts[use.path, port] = layout
        arrived = self._arrived.setdefault(use.owner, layouts)
        for port, layout in layouts.items():
            if arrived is not layouts and port in arrived:
                self.widths.join(arrived[port], layout, f"{use.name} shares its weights")

    def _layout(self, value: Value) -> Layout:
        key = (value.path, value.port)
        if key not in self._layouts:
            size = channels_of(value.shape) or 1
            self._layouts[key] = self.widths.new(size, pin="its size is not a matter of width")
        return self._layouts[key]

    def _rule(self, use: LayerUse, layouts: _Layouts) -> _Layouts | None:
        """Return the layouts of what leaves, by port; None where widths cannot be followed."""
        kind = use.node.type
        if kind in RECURRENT:
            return self._recurrent(use, layouts)
        if kind == "CrossAttention":
            return self._attention(use, layouts["query"], layouts["memory"])
        if kind == "SelfAttention":
            return self._attention(use, layouts["input"], layouts["input"])
        if kind in TRANSFORMERS:
            return self._transformer(use, layouts)
        out = self._single(use, layouts)
        return None if out is None else {"output": out}

    def _single(self, use: LayerUse, layouts: _Layouts) -> Layout | None:
        """Return what leaves a layer with one output."""
        kind, arriving = use.node.type, layouts.get("input")
        if kind in _TOGETHER:
            return self._joined(use, list(layouts.values()))
        if kind == "Concatenate":
            return self._concatenated(use, list(layouts.values()))
        if arriving is None or use.layer.role == "output":
            return None
        if kind in WIDTH_PARAM:
            return self._made(use, arriving)
        if _is_passed_on(use):
            return self._passed(use, arriving)
        return self._flattened(use, arriving) if kind == "Flatten" else None

    def _joined(self, use: LayerUse, layouts: list[Layout]) -> Layout:
        for other in layouts[1:]:
            self.widths.join(layouts[0], other, f"{use.name} takes channels of different origin")
        return layouts[0]

    def _concatenated(self, use: LayerUse, layouts: list[Layout]) -> Layout:
        out = channels_of(use.outputs["output"])
        if out == sum(self.widths.size_of(layout) for layout in layouts):
            return tuple(segment for layout in layouts for segment in layout)
        return self._joined(use, layouts)

    def _made(self, use: LayerUse, arriving: Layout) -> Layout | None:
        size = channels_of(use.outputs["output"])
        groups = getattr(use.params, "groups", 1)
        if size is None:
            return None
        if groups != 1:
            is_depthwise = groups == size == self.widths.size_of(arriving)
            if use.node.type not in CONVOLUTIONS or not is_depthwise:
                return None
            self.widths.lay(use, {"weight": {0: made(arriving)}, "bias": {0: made(arriving)}})
            for segment in arriving:
                self.widths.space(segment.space).followers.append(use)
            return arriving
        out = self.widths.begin(use, size)
        self.widths.lay(use, weighted_axes(use.node.type, out, arriving))
        return out

    def _recurrent(self, use: LayerUse, layouts: _Layouts) -> _Layouts:
        params = cast("RecurrentParams", use.params)
        hidden = self.widths.begin(use, params.hidden_size)
        self.widths.lay(use, recurrent_axes(use, hidden, layouts["input"]))
        state = hidden * (params.num_layers * params.num_directions)
        for port, layout in layouts.items():
            if port != "input":
                self.widths.join(state, layout, f"{use.name} starts from a state of its own form")
        found = dict.fromkeys(use.outputs, state)
        return {**found, "output": hidden * params.num_directions}

    def _attention(
        self, use: LayerUse, query: Layout, memory: Layout, prefix: str = ""
    ) -> _Layouts:
        is_same_size = self.widths.size_of(query) == self.widths.size_of(memory)
        if is_same_size and query != memory:
            # One matrix reads both then, with one number of columns.
            self.widths.join(query, memory, f"{use.name} takes features of different origin")
        self.widths.lay(use, attention_axes(query, memory, prefix))
        self._split(use, query)
        return {"output": query}

    def _split(self, use: LayerUse, layout: Layout) -> None:
        """Note that a layer splits features among heads: copies must be of whole heads."""
        for segment in layout:
            space = self.widths.space(segment.space)
            if len(layout) == 1 and segment.inner == 1:
                space.split.append(use)
            else:
                space.inexact.append(use.name)

    def _transformer(self, use: LayerUse, layouts: _Layouts) -> _Layouts:
        features = layouts["input"]
        hidden = self.widths.begin(use, getattr(use.params, "hidden_features", 0))
        self.widths.lay(use, attention_axes(features, features, "self_attn."))
        self.widths.lay(use, feed_forward_axes(features, hidden))
        if "memory" in layouts:
            self._attention(use, features, layouts["memory"], "multihead_attn.")
        else:
            self._split(use, features)
        self._normalised(use, features)
        return {"output": features}

    def _normalised(self, use: LayerUse, layout: Layout) -> None:
        """Note that a layer takes statistics over all channels."""
        is_one = self.widths.is_one(layout)
        for segment in layout:
            space = self.widths.space(segment.space)
            (space.uneven if is_one else space.inexact).append(use.name)

    def _passed(self, use: LayerUse, arriving: Layout) -> Layout | None:
        size, kind = self.widths.size_of(arriving), use.node.type
        if channels_of(use.outputs["output"]) != size:
            return None
        if kind in _STATISTICS:
            return self._statistics(use, arriving)
        if kind == "LearnedPositions":
            self.widths.lay(use, {"weight": {1: made(arriving)}})
            return arriving
        tensors = (*use.parameters, *use.buffers)
        if any(t.shape not in {(size,), (1,), ()} for t in tensors):
            return None
        self.widths.lay(use, {t.name: {0: made(arriving)} for t in tensors if t.shape == (size,)})
        if kind in HEADS_PARAM:
            self._split(use, arriving)
        for segment in arriving if kind in _APPROXIMATE else ():
            self.widths.space(segment.space).inexact.append(use.name)
        return arriving

    def _statistics(self, use: LayerUse, arriving: Layout) -> Layout | None:
        """Return what leaves a norm over one sample, or over its last axis alone."""
        shape = use.inputs["input"].shape
        channel_axis = "C" if "C" in axes_of(shape) else "F"
        if getattr(use.params, "over", "") == "last":
            if shape[-1].axis != channel_axis:
                return arriving  # Each channel is normalised on its own.
        elif shape[1].axis != channel_axis and axes_of(shape) != "BTF":
            return None
        self.widths.lay(use, {tensor.name: {0: made(arriving)} for tensor in use.parameters})
        self._normalised(use, arriving)
        return arriving

    def _flattened(self, use: LayerUse, arriving: Layout) -> Layout | None:
        received = use.inputs["input"].shape
        before, after = channels_of(received), channels_of(use.outputs["output"])
        axes = axes_of(use.outputs["output"])
        if before is None or after is None or axes != "BF" or after % before:
            return None
        if axes_of(received) == "BTF":
            times = after // before
            return arriving * times if len(arriving) * times <= _MAX_SEGMENTS else None
        if len(received) > 1 and received[1].axis not in ("C", "F"):
            return None
        return tuple(Segment(each.space, each.inner * (after // before)) for each in arriving)


def _is_passed_on(use: LayerUse) -> bool:
    kind, category = use.node.type, use.layer.category
    if kind in _MIXES or kind == "LocalResponseNorm" or kind.startswith("MaxUnpool"):
        return False
    return category in ("Activation", "Pooling", "Regularization") or kind in (
        _BATCH_NORMS
        | _INSTANCE_NORMS
        | _STATISTICS
        | _APPROXIMATE
        | _PASSES_SHAPE
        | _PASSES_SEQUENCE
    )


def _pin_text(use: LayerUse) -> str:
    if use.layer.role == "output":
        return f"it is what the network gives at {use.name}"
    if getattr(use.params, "groups", 1) != 1:
        return f"{use.name} splits its channels into groups"
    return f"{use.name} ({use.layer.title}) ties its weights to it in its own way"
