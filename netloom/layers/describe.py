"""Layer types as data: what the palette, the property form and the API schema need."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from netloom.layers.accepts import accepted_axes
from netloom.layers.base import AnyLayer, Category, Port, Role
from netloom.layers.fields import ParamDescription, describe_params
from netloom.layers.learning import LearningParams
from netloom.layers.operators.ports import PortRule
from netloom.layers.other_names import OTHER_NAMES
from netloom.layers.registry import all_layers

CATEGORY_HUES: dict[Category, int] = {
    "Input and output": 215,
    "Convolution": 265,
    "Linear": 190,
    "Embedding": 165,
    "Recurrent": 290,
    "Attention": 310,
    "Detection": 70,
    "Pooling": 325,
    "Normalization": 45,
    "Activation": 20,
    "Regularization": 0,
    "Shape": 140,
    "Combine": 95,
    "Operators": 55,
    "Blocks": 240,
}
"""Hue in degrees of each family's bar; never the only sign, the icon differs too."""


class PortDescription(BaseModel):
    """A port a layer can have.

    Attributes:
        param: A yes-or-no parameter; the port is only there while it is on.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    title: str
    param: str | None = None


class InferredDescription(BaseModel):
    """A value that follows from the connection: shown, never asked for."""

    model_config = ConfigDict(frozen=True)

    name: str
    title: str


class OperatorDescription(BaseModel):
    """One operation of a layer: its ports, and the fields of its arguments."""

    model_config = ConfigDict(frozen=True)

    summary: str
    arguments: list[ParamDescription]
    inputs: list[PortRule]
    outputs: list[PortRule]


class LayerDescription(BaseModel):
    """One layer type for palette, form and search.

    Attributes:
        type: Name in documents.
        name_stem: What a new node is called before a number is added.
        icon: Web name in the Tabler icon set.
        hue: Degrees, 0..360.
        operators: For a layer that is one of several operations, by its parameter `op`: the fields
            of each, whose values its parameter `arguments` holds as JSON, and the ports, which
            these decide.
        names_ports: Parameters in which inputs and outputs are named, with commas between.
        variadic_param: The parameter that says how many ports `input_1`, `input_2`... there are.
        variadic_inputs: What those ports are called in place of `input`, before the number.
        fixed_inputs: Names of ports behind them that are there once.
        accepts: Orders of axes that the first input takes with default parameters, e.g. `BCHW`;
            empty where that is not known.
        variadic_outputs: Names of ports that are there once for each of those inputs, before the
            number: `class_1`, `box_1`, `class_2`...
    """

    model_config = ConfigDict(frozen=True)

    type: str
    title: str
    category: str
    role: Role
    summary: str
    docs: str
    aliases: list[str]
    icon: str
    hue: int
    name_stem: str
    inputs: list[PortDescription]
    outputs: list[PortDescription]
    variadic_param: str | None
    variadic_inputs: list[str]
    fixed_inputs: list[str]
    variadic_outputs: list[str]
    params: list[ParamDescription]
    inferred: list[InferredDescription]
    accepts: list[str]
    operators: dict[str, OperatorDescription]
    names_ports: tuple[str, str] | None


def describe_layers() -> list[LayerDescription]:
    """Return every installed layer type, in palette order."""
    return [describe_layer(layer) for layer in all_layers()]


def describe_layer(layer: AnyLayer) -> LayerDescription:
    """Return one layer type as data."""
    params = describe_params(layer.Params)
    has_defaults = not any(param.is_required for param in params)
    if layer.takes_learning:
        params += describe_params(LearningParams)
    defaults = layer.Params() if has_defaults else layer.Params.model_construct()
    return LayerDescription(
        type=layer.type_name,
        title=layer.title,
        category=layer.category,
        role=layer.role,
        summary=layer.summary,
        docs=layer.docs,
        aliases=_aliases(layer),
        icon=layer.icon,
        hue=CATEGORY_HUES[layer.category],
        name_stem=layer.name_stem,
        inputs=_describe_ports(layer.input_ports(defaults), layer.inputs),
        outputs=_describe_ports(layer.output_ports(defaults), layer.outputs),
        variadic_param=layer.variadic_param,
        variadic_inputs=list(layer.variadic_inputs),
        fixed_inputs=[port.name for port in layer.fixed_inputs],
        variadic_outputs=list(layer.variadic_outputs),
        params=params,
        inferred=[
            InferredDescription(name=name, title=title) for name, title in layer.inferred.items()
        ],
        accepts=list(accepted_axes(layer)),
        operators={
            name: OperatorDescription(
                summary=operator.summary,
                arguments=describe_params(operator.arguments),
                inputs=list(operator.inputs),
                outputs=list(operator.outputs),
            )
            for name, operator in layer.operators.items()
        },
        names_ports=layer.names_ports,
    )


def _aliases(layer: AnyLayer) -> list[str]:
    """Return the words of the field, then the names of other tools that are not among them."""
    known = {alias.lower() for alias in (layer.type_name, *layer.aliases)}
    others = OTHER_NAMES.get(layer.type_name, ())
    return [*layer.aliases, *(name for name in others if name.lower() not in known)]


def _describe_ports(shown: Sequence[Port], possible: Sequence[Port]) -> list[PortDescription]:
    """Describe the ports of the default parameters and those that a parameter switches on."""
    switched = [port for port in possible if port.param is not None]
    ports = [*(port for port in shown if port.param is None), *switched]
    return [PortDescription(name=port.name, title=port.title, param=port.param) for port in ports]
