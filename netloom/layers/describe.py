"""Layer types as data: what the palette, the property form and the API schema need."""

from __future__ import annotations

from collections.abc import Sequence
from types import UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo

from netloom.graph.document import ParamValue, Scalar
from netloom.layers.accepts import accepted_axes
from netloom.layers.base import AnyLayer, Category, Port, Role
from netloom.layers.learning import LearningParams
from netloom.layers.operators.ports import PortRule
from netloom.layers.other_names import OTHER_NAMES
from netloom.layers.params import FormKind, ParamKind
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


class ParamDescription(BaseModel):
    """One field of the property form.

    Attributes:
        minimum: Smallest number accepted (of each number, where there are several).
        choices: Accepted values of a `choice`.
        count: How many numbers there are where each direction has its own; None for any number.
        is_optional: None is accepted and has a meaning of its own.
        section: Empty for the layer's own parameters; `learning` for those that every layer with
            weights has.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    kind: ParamKind
    title: str
    description: str
    default: ParamValue
    is_required: bool
    minimum: int | float | None
    maximum: int | float | None
    unit: str
    choices: list[Scalar]
    count: int | None
    is_optional: bool
    is_advanced: bool
    on_card: bool
    section: str


class OperatorDescription(BaseModel):
    """The ports of one operation of a layer."""

    model_config = ConfigDict(frozen=True)

    inputs: list[PortRule]
    outputs: list[PortRule]


class LayerDescription(BaseModel):
    """One layer type for palette, form and search.

    Attributes:
        type: Name in documents.
        name_stem: What a new node is called before a number is added.
        icon: Web name in the Tabler icon set.
        hue: Degrees, 0..360.
        operators: For a layer that is one of several operations, by its parameter `op`: the ports
            of each, which the JSON of its parameter `arguments` decides.
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
    fields = layer.Params.model_fields
    params = [describe_param(name, field) for name, field in fields.items()]
    has_defaults = not any(param.is_required for param in params)
    if layer.takes_learning:
        learning = LearningParams.model_fields
        params += [describe_param(name, field) for name, field in learning.items()]
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
            name: OperatorDescription(inputs=list(ports.inputs), outputs=list(ports.outputs))
            for name, ports in layer.operators.items()
        },
        names_ports=layer.names_ports,
    )


def _aliases(layer: AnyLayer) -> list[str]:
    """Return the words of the field, then the names of other tools that are not among them."""
    known = {alias.lower() for alias in (layer.type_name, *layer.aliases)}
    others = OTHER_NAMES.get(layer.type_name, ())
    return [*layer.aliases, *(name for name in others if name.lower() not in known)]


def describe_param(name: str, field: FieldInfo) -> ParamDescription:
    """Return one parameter as data, read from its annotation and `param(...)` metadata."""
    form = next((item for item in field.metadata if isinstance(item, FormKind)), None)
    minimum = next((item.ge for item in field.metadata if isinstance(item, Ge)), None)
    maximum = next((item.le for item in field.metadata if isinstance(item, Le)), None)
    extra = cast("dict[str, Any]", field.json_schema_extra or {})
    default: object = None if field.is_required() else cast("object", field.default)
    choices = _choices(field.annotation)
    return ParamDescription(
        name=name,
        kind=form.kind if form else _plain_kind(field.annotation, name),
        title=field.title or name,
        description=field.description or "",
        default=_plain(default),
        is_required=field.is_required(),
        minimum=form.minimum if form else cast("int | float | None", minimum),
        maximum=form.maximum if form else cast("int | float | None", maximum),
        unit=extra.get("unit", ""),
        choices=choices,
        count=_count(form),
        is_optional=_accepts_none(field.annotation),
        is_advanced=extra.get("is_advanced", False),
        on_card=extra.get("on_card", False),
        section=extra.get("section", ""),
    )


def _describe_ports(shown: Sequence[Port], possible: Sequence[Port]) -> list[PortDescription]:
    """Describe the ports of the default parameters and those that a parameter switches on."""
    switched = [port for port in possible if port.param is not None]
    ports = [*(port for port in shown if port.param is None), *switched]
    return [PortDescription(name=port.name, title=port.title, param=port.param) for port in ports]


def _plain_kind(annotation: object, name: str) -> ParamKind:
    kinds: dict[object, ParamKind] = {int: "int", float: "float", bool: "bool", str: "text"}
    if get_origin(annotation) is Literal:
        return "choice"
    if annotation not in kinds:
        raise TypeError(f"parameter {name} needs a FormKind beside its type {annotation}")
    return kinds[annotation]


def _count(form: FormKind | None) -> int | None:
    counts: dict[str, int] = {"int_pair": 2, "int_triple": 3}
    return None if form is None else form.count or counts.get(form.kind)


def _plain(default: object) -> ParamValue:
    """Return a default as the document would hold it."""
    if isinstance(default, tuple):
        return list(cast("tuple[Scalar, ...]", default))
    return cast("ParamValue", default)


def _choices(annotation: object) -> list[Scalar]:
    if get_origin(annotation) is not Literal:
        return []
    return list(cast("tuple[Scalar, ...]", get_args(annotation)))


def _accepts_none(annotation: object) -> bool:
    return get_origin(annotation) in (Union, UnionType) and type(None) in get_args(annotation)
