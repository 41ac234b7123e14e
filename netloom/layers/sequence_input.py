"""Where sequences, signals and tokens enter a network.

Legend: B batch, C channels, T time, F features.
"""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

from netloom.layers.base import Constructor, Inference, Inputs, LayerType, Port
from netloom.layers.params import MAX_SIZE, LayerParams, OptionalSize, param
from netloom.layers.shapes import Shape, sequence_shape, signal_shape, token_shape

MAX_VOCABULARY = 100_000_000

LengthSymbol = Literal["T", "S"]


class LengthParams(LayerParams):
    """How long a sequence is."""

    length: OptionalSize = param(
        None, "Length", "Positions of every sequence; empty means that lengths vary.", on_card=True
    )
    length_symbol: LengthSymbol = param(
        "T",
        "Symbol of the length",
        "What a varying length is called. Inputs with the same symbol are equally long; give the "
        "source of a translation an S and its target a T.",
        is_advanced=True,
    )


P = TypeVar("P", bound=LengthParams)


class TimeInput(LayerType[P], Generic[P]):
    """An input with a time axis."""

    category = "Input and output"
    role = "input"

    def input_ports(self, params: P) -> tuple[Port, ...]:
        return ()

    def infer(self, params: P, inputs: Inputs) -> Inference:
        return Inference({"output": self.shape(params)})

    def shape(self, params: P) -> Shape:
        """Return the shape of one batch."""
        raise NotImplementedError

    def constructor(self, params: P, inputs: Inputs) -> Constructor:
        return Constructor("nn.Identity")


class SequenceInputParams(LengthParams):
    """A sequence of feature vectors."""

    num_features: int = param(
        16, "Features", "Numbers at every position.", minimum=1, maximum=MAX_SIZE, on_card=True
    )


class SequenceInput(TimeInput[SequenceInputParams]):
    type_name = "SequenceInput"
    name_stem = "sequence"
    title = "Sequence input"
    summary = "A vector of numbers for every step of a sequence."
    docs = (
        "Gives a tensor of shape (B, T, F), as recurrent layers, attention and Linear take it. "
        "Convolutions over time take (B, C, T): use a Signal input, or a Permute in between."
    )
    aliases = ("time series", "series", "sequenceInputLayer", "steps", "source", "data")
    icon = "timeline"
    Params = SequenceInputParams

    def shape(self, params: SequenceInputParams) -> Shape:
        return sequence_shape(params.num_features, params.length, params.length_symbol)


class SignalInputParams(LengthParams):
    """Channels sampled over time."""

    channels: int = param(
        1,
        "Channels",
        "Values that are sampled together.",
        minimum=1,
        maximum=MAX_SIZE,
        on_card=True,
    )


class SignalInput(TimeInput[SignalInputParams]):
    type_name = "SignalInput"
    name_stem = "signal"
    title = "Signal input"
    summary = "Channels sampled over time, such as sound or the readings of a sensor."
    docs = (
        "Gives a tensor of shape (B, C, T), as convolutions and pooling over time take it. "
        "Recurrent layers and attention take (B, T, F): use a Sequence input, or a Permute in "
        "between."
    )
    aliases = ("audio", "sound", "waveform", "time series", "sensor", "source", "data")
    icon = "wave-sine"
    Params = SignalInputParams

    def shape(self, params: SignalInputParams) -> Shape:
        return signal_shape(params.channels, params.length, params.length_symbol)


class TokenInputParams(LengthParams):
    """Indices into a vocabulary."""

    vocabulary: int = param(
        10_000,
        "Vocabulary",
        "Number of different tokens; they are numbered from 0.",
        minimum=1,
        maximum=MAX_VOCABULARY,
        on_card=True,
    )


class TokenInput(TimeInput[TokenInputParams]):
    type_name = "TokenInput"
    name_stem = "tokens"
    title = "Token input"
    summary = "Words, characters or other symbols as whole numbers."
    docs = (
        "Gives a tensor of shape (B, T) with an integer from 0 to vocabulary − 1 at every "
        "position. An Embedding turns each into a vector."
    )
    aliases = ("text", "words", "characters", "ids", "indices", "language", "source", "data")
    icon = "abc"
    Params = TokenInputParams

    def shape(self, params: TokenInputParams) -> Shape:
        return token_shape(params.vocabulary, params.length, params.length_symbol)


LAYERS = (SequenceInput(), SignalInput(), TokenInput())
