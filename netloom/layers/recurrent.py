"""Layers that read a sequence step by step: LSTM, GRU and the plain recurrent layer.

Legend: B batch, T time, F features.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, Literal, TypeVar

from netloom.layers.base import (
    OUTPUT,
    Argument,
    Constructor,
    Inference,
    Inputs,
    LayerType,
    Port,
    SetParams,
    ShapeProblem,
    Suggestion,
)
from netloom.layers.expect import fixed_size
from netloom.layers.params import LayerParams, param
from netloom.layers.sequence import (
    expect_sequence,
    mask_param,
    mask_problem,
    masked_port,
    time_of,
)
from netloom.layers.shapes import BATCH, Dim, Shape, axes_of, feature_shape, named_shape_text
from netloom.layers.sizes import Size

MAX_HIDDEN = 1_000_000
MAX_LAYERS = 256


class RecurrentParams(LayerParams):
    """What is remembered from step to step, and what is given."""

    hidden_size: int = param(
        128,
        "Hidden features",
        "Numbers that are remembered from step to step, for each direction.",
        minimum=1,
        maximum=MAX_HIDDEN,
        on_card=True,
    )
    num_layers: int = param(
        1,
        "Layers",
        "Layers on top of each other, each reading what the one below gives.",
        minimum=1,
        maximum=MAX_LAYERS,
    )
    bidirectional: bool = param(
        False,
        "Both directions",
        "A second layer reads from the end; outputs are joined, so there are twice as many.",
    )
    output: Literal["sequence", "last"] = param(
        "sequence",
        "Output",
        "Sequence gives the features of every step (B, T, F), last those after the whole "
        "sequence (B, F), of each direction where it ends.",
        on_card=True,
    )
    dropout: float = param(
        0.0,
        "Dropout",
        "Share of numbers set to zero in training between two layers; without a second layer it "
        "does nothing.",
        minimum=0,
        maximum=1,
        is_advanced=True,
    )
    bias: bool = param(True, "Bias", "Adds learned numbers to every gate.", is_advanced=True)
    takes_state: bool = param(
        False,
        "State inputs",
        "Adds ports for the state to start from, (B, F); otherwise it is zero.",
        is_advanced=True,
    )
    gives_state: bool = param(
        False,
        "State outputs",
        "Adds ports that give the state at the end as (B, F), for example to a decoder.",
        is_advanced=True,
    )

    takes_padding_mask: bool = mask_param(
        "padding is passed over, wherever it stands, and gives zeros."
    )

    @property
    def num_directions(self) -> int:
        return 2 if self.bidirectional else 1

    @property
    def state_size(self) -> int:
        """Features of a state: all layers and directions, one behind the other."""
        return self.num_layers * self.num_directions * self.hidden_size


class GRUParams(RecurrentParams):
    """As the others, with a choice of where the reset gate acts."""

    reset_after: bool = param(
        True,
        "Reset after the product",
        "On: the reset gate acts after the product with the state, as cuDNN and Keras 3 compute "
        "it. Off: before it, as in the paper, Keras 1 and 2 and most ONNX files; torch computes "
        "that step by step, which is slower.",
        is_advanced=True,
    )


class RNNParams(RecurrentParams):
    """As the others, with a choice of the nonlinearity."""

    nonlinearity: Literal["tanh", "relu"] = param(
        "tanh", "Nonlinearity", "Applied to the new state at every step.", is_advanced=True
    )


P = TypeVar("P", bound=RecurrentParams)

_STATE_PORTS = {"hidden": "Hidden state", "cell": "Cell state"}


class Recurrent(LayerType[P], Generic[P]):
    """Reads a sequence step by step.

    Attributes:
        num_gates: Weighted sums per hidden number and step.
        pointwise_flops: Operations per hidden number and step beside the weighted sums.
        states: Names of the states.
    """

    category = "Recurrent"
    icon = "repeat"
    inferred = {"input_size": "Input features"}
    num_gates: int
    pointwise_flops: int
    states: tuple[str, ...] = ("hidden",)

    def infer(self, params: P, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if problem := (
            expect_sequence(self.title, shape)
            or self._state_problem(params, inputs)
            or mask_problem(shape, inputs)
        ):
            return problem
        num_features = params.hidden_size * params.num_directions
        output = Dim("F", num_features)
        outputs: dict[str, Shape] = {
            "output": (BATCH, output)
            if params.output == "last"
            else (BATCH, time_of(shape), output)
        }
        for port in self.output_ports(params)[1:]:
            outputs[port.name] = feature_shape(params.state_size)
        parameters = dict(self._parameters(params, fixed_size(shape, "F")))
        return Inference(
            outputs,
            inferred={"input_size": fixed_size(shape, "F")},
            parameters=parameters,
            flops=shape[1].size * self._flops_per_step(params, parameters),
        )

    def kept_inside(self, params: P, inputs: Inputs) -> Size:
        # Each step holds its gates, its states and, between layers, what the next one reads.
        per_step = params.state_size * (self.num_gates + 1 + len(self.states))
        return inputs["input"][1].size * per_step

    def _state_problem(self, params: P, inputs: Inputs) -> ShapeProblem | None:
        for port in self.input_ports(params)[1:]:
            shape = inputs[port.name]
            if port.takes_mask or shape == feature_shape(params.state_size):
                continue
            suggestions: tuple[Suggestion, ...] = ()
            received = shape[-1].size
            per_number = params.state_size // params.hidden_size
            if axes_of(shape) == "BF" and isinstance(received, int) and received % per_number == 0:
                hidden_size = received // per_number
                if 1 <= hidden_size <= MAX_HIDDEN:
                    label = f"Use {hidden_size} hidden features"
                    suggestions = (SetParams(label, {"hidden_size": hidden_size}),)
            return ShapeProblem(
                f"The {_STATE_PORTS[port.name].lower()} of {self.title} is "
                f"{named_shape_text(feature_shape(params.state_size))} but receives "
                f"{named_shape_text(shape)}.",
                port=port.name,
                suggestions=suggestions,
            )
        return None

    def _parameters(self, params: P, input_size: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        rows = self.num_gates * params.hidden_size
        for layer in range(params.num_layers):
            columns = input_size if layer == 0 else params.hidden_size * params.num_directions
            for suffix in ("", "_reverse")[: params.num_directions]:
                yield f"weight_ih_l{layer}{suffix}", (rows, columns)
                yield f"weight_hh_l{layer}{suffix}", (rows, params.hidden_size)
                if params.bias:
                    yield f"bias_ih_l{layer}{suffix}", (rows,)
                    yield f"bias_hh_l{layer}{suffix}", (rows,)

    def _flops_per_step(self, params: P, parameters: dict[str, tuple[int, ...]]) -> int:
        sums = sum(
            2 * shape[0] * shape[1] if len(shape) == 2 else shape[0]
            for shape in parameters.values()
        )
        return sums + params.state_size * self.pointwise_flops

    def constructor(self, params: P, inputs: Inputs) -> Constructor:
        defaults = type(params)()
        kwargs: dict[str, Argument] = {
            name: getattr(params, name)
            for name in type(params).model_fields
            if name not in ("hidden_size", "takes_state", "takes_padding_mask", "dropout")
            and getattr(params, name) != getattr(defaults, name)
        }
        # torch warns of a dropout that has no place to act.
        if params.num_layers > 1 and params.dropout:
            kwargs["dropout"] = params.dropout
        arguments = (fixed_size(inputs["input"], "F"), params.hidden_size)
        target = f"Masked{self.type_name}" if params.takes_padding_mask else self.type_name
        return Constructor(target, arguments, kwargs)


def _inputs(*states: str) -> tuple[Port, ...]:
    ports = (Port(name, _STATE_PORTS[name], "takes_state") for name in states)
    return (Port("input", "Sequence"), *ports, masked_port("takes_padding_mask"))


def _outputs(*states: str) -> tuple[Port, ...]:
    return (OUTPUT, *(Port(name, _STATE_PORTS[name], "gives_state") for name in states))


class LSTM(Recurrent[RecurrentParams]):
    type_name = "LSTM"
    name_stem = "lstm"
    title = "LSTM"
    summary = "Reads a sequence step by step, with gates that decide what to remember."
    docs = (
        "Long short-term memory (Hochreiter and Schmidhuber, 1997). Takes and gives sequences "
        "(B, T, F), or only what is known after the last step. Its states are hidden and cell, "
        "each (B, F) with the layers one behind the other, of each the forward and the backward "
        "direction. Weights are called as in torch: weight_ih_l0, bias_hh_l0_reverse."
    )
    aliases = ("bilstm", "lstmLayer", "bilstmLayer", "recurrent", "rnn", "long short-term memory")
    inputs = _inputs("hidden", "cell")
    outputs = _outputs("hidden", "cell")
    num_gates = 4
    pointwise_flops = 21
    Params = RecurrentParams


class GRU(Recurrent[GRUParams]):
    type_name = "GRU"
    name_stem = "gru"
    title = "GRU"
    summary = "Reads a sequence step by step, with fewer gates than an LSTM."
    docs = (
        "Gated recurrent unit (Cho et al., 2014), as cuDNN computes it unless told otherwise: the "
        "reset gate acts after the product. Its state is hidden, (B, F) with the layers one behind "
        "the other. Weights are called as in torch."
    )
    aliases = ("bigru", "gruLayer", "recurrent", "rnn", "gated recurrent unit")
    inputs = _inputs("hidden")
    outputs = _outputs("hidden")
    num_gates = 3
    pointwise_flops = 15
    Params = GRUParams


class RNN(Recurrent[RNNParams]):
    type_name = "RNN"
    name_stem = "rnn"
    title = "RNN"
    summary = "Reads a sequence step by step with the simplest memory there is."
    docs = (
        "The new state is a weighted sum of the input and the old state, through tanh or ReLU "
        "(Elman, 1990). Long memories are better kept by an LSTM or a GRU. Weights are called as "
        "in torch."
    )
    aliases = ("elman", "vanilla rnn", "simpleRNN", "recurrent")
    inputs = _inputs("hidden")
    outputs = _outputs("hidden")
    num_gates = 1
    pointwise_flops = 4
    Params = RNNParams


LAYERS = (LSTM(), GRU(), RNN())
