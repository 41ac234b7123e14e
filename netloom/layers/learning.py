"""How a layer's weights start and learn: declared once, for every layer that has weights.

A document keeps these beside the layer's own parameters, under the names below, which no layer
type uses for anything else. Whether weights learn at all is the node's `is_frozen`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from netloom.layers.params import FormKind, LayerParams, param

WeightInitialiser = Literal[
    "default",
    "zeros",
    "ones",
    "constant",
    "normal",
    "truncated_normal",
    "uniform",
    "xavier_normal",
    "xavier_uniform",
    "kaiming_normal",
    "kaiming_uniform",
    "orthogonal",
]
BiasInitialiser = Literal["default", "zeros", "ones", "constant"]

NEEDS_MATRIX = frozenset(
    {"xavier_normal", "xavier_uniform", "kaiming_normal", "kaiming_uniform", "orthogonal"}
)
"""Initialisers that ask how many inputs and outputs a weight connects."""

_DEFAULT_VALUES: Mapping[str, float] = {
    "constant": 0.0,
    "normal": 0.01,
    "truncated_normal": 0.01,
    "uniform": 0.05,
    "xavier_normal": 1.0,
    "xavier_uniform": 1.0,
    "orthogonal": 1.0,
}
_MAX_FACTOR = 1e6

SECTION = "learning"
"""Name of the form's section that these parameters are in."""


class LearningParams(LayerParams):
    """How the weights of one layer start, and how fast they learn."""

    weight_init: WeightInitialiser = param(
        "default",
        "Weights start",
        "How weights are drawn before training: default is what PyTorch does for the layer; "
        "Kaiming suits ReLU, Xavier tanh and sigmoid. Where a layer has matrices or filters, its "
        "scales per channel stay as they are.",
        section=SECTION,
    )
    weight_init_value: Annotated[float | None, FormKind("float")] = param(
        None,
        "Value for weights",
        "Standard deviation of a normal start (0.01), bound of a uniform one (0.05), gain of "
        "Xavier and orthogonal (1), the constant itself (0); empty takes the number in brackets.",
        section=SECTION,
    )
    bias_init: BiasInitialiser = param(
        "default",
        "Biases start",
        "What biases are before training: default is what PyTorch does for the layer.",
        section=SECTION,
    )
    bias_init_value: Annotated[float | None, FormKind("float")] = param(
        None, "Value for biases", "The constant; empty is 0.", section=SECTION
    )
    learning_rate_factor: float = param(
        1.0,
        "Learning rate factor",
        "Multiplies the learning rate of the run for this layer; 0 keeps its weights.",
        minimum=0,
        maximum=_MAX_FACTOR,
        section=SECTION,
    )
    l2_factor: float = param(
        1.0,
        "L2 factor",
        "Multiplies the weight decay of the run for this layer; 0 switches it off.",
        minimum=0,
        maximum=_MAX_FACTOR,
        section=SECTION,
    )

    @property
    def is_trained(self) -> bool:
        """Whether the optimiser may change the weights."""
        return self.learning_rate_factor > 0

    @property
    def has_factors(self) -> bool:
        """Whether the layer learns otherwise than the run says."""
        return (self.learning_rate_factor, self.l2_factor) != (1.0, 1.0)


DEFAULT_LEARNING = LearningParams()
LEARNING_NAMES = frozenset(LearningParams.model_fields)


@dataclass(frozen=True, slots=True)
class Start:
    """How one tensor starts: a function of `torch.nn.init` and its argument.

    Attributes:
        tensor: Name of the tensor in the layer's module.
        function: Name under `nn.init`.
        arguments: Arguments by name, those of torch's default left out.
    """

    tensor: str
    function: str
    arguments: Mapping[str, float | str]


def starts(learning: LearningParams, parameters: Mapping[str, tuple[int, ...]]) -> list[Start]:
    """Return how the tensors of a layer start that do not start as PyTorch has it.

    Args:
        parameters: Shape of each learnable tensor by its name in the module.
    """
    found: list[Start] = []
    if learning.weight_init != "default":
        call = _call(learning.weight_init, learning.weight_init_value)
        found += [Start(name, *call) for name in weights_among(parameters)]
    if learning.bias_init != "default":
        call = _call(learning.bias_init, learning.bias_init_value)
        found += [Start(name, *call) for name in parameters if _is_bias(name)]
    return found


def weights_among(parameters: Mapping[str, tuple[int, ...]]) -> list[str]:
    """Return the tensors that a weight initialiser fills.

    Matrices and filters; in a layer that has none, such as a normalisation, its scales.
    """
    weights = [name for name in parameters if not _is_bias(name)]
    return [name for name in weights if len(parameters[name]) > 1] or weights


def ignored_names(
    learning: LearningParams, parameters: Mapping[str, tuple[int, ...]], *, is_frozen: bool
) -> list[str]:
    """Return the parameters that were set and change nothing in this layer."""
    has_weights = bool(weights_among(parameters))
    has_biases = any(_is_bias(name) for name in parameters)
    takes_value = learning.weight_init in _DEFAULT_VALUES
    is_used = {
        "weight_init": has_weights,
        "weight_init_value": has_weights and takes_value,
        "bias_init": has_biases,
        "bias_init_value": has_biases and learning.bias_init == "constant",
        "learning_rate_factor": bool(parameters) and not is_frozen,
        "l2_factor": bool(parameters) and not is_frozen and learning.is_trained,
    }
    return [
        name
        for name, used in is_used.items()
        if not used and getattr(learning, name) != getattr(DEFAULT_LEARNING, name)
    ]


def _is_bias(name: str) -> bool:
    return "bias" in name.rpartition(".")[2]


def _call(initialiser: str, value: float | None) -> tuple[str, dict[str, float | str]]:
    """Return the function of `nn.init` and its arguments."""
    number = _DEFAULT_VALUES.get(initialiser, 0.0) if value is None else value
    match initialiser:
        case "constant":
            return "constant_", {"val": number}
        case "normal":
            return "normal_", {"std": abs(number)}
        case "truncated_normal" if number == 0:
            return "zeros_", {}
        case "truncated_normal":
            return "trunc_normal_", {
                "std": abs(number),
                "a": -2 * abs(number),
                "b": 2 * abs(number),
            }
        case "uniform":
            return "uniform_", {"a": -abs(number), "b": abs(number)}
        case "xavier_normal" | "xavier_uniform" | "orthogonal":
            return f"{initialiser}_", {} if number == 1 else {"gain": number}
        case "kaiming_normal" | "kaiming_uniform":
            return f"{initialiser}_", {"nonlinearity": "relu"}
        case _:
            return f"{initialiser}_", {}
